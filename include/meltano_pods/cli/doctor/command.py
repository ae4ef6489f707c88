"""Combines all checks of doctor."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from meltano_pods.cli.deployment import read_cluster_deployment, read_deployment
from meltano_pods.cli.doctor.airflow import (
    check_airflow,
    check_variables,
    describe_state,
    find_versions,
    read_min_heartbeat,
)
from meltano_pods.cli.doctor.cluster import check_cluster, list_needs
from meltano_pods.cli.doctor.finding import ERROR, NOTE, OK, WARNING, Finding, build_ok
from meltano_pods.cli.doctor.images import check_images
from meltano_pods.cli.doctor.local import LocalTask, check_runner
from meltano_pods.cli.doctor.pools import check_pools, read_pools
from meltano_pods.cli.options import cluster_options, profile_option
from meltano_pods.cli.output import TABLE, TerminalLog, format_option, group_by_text, show_data
from meltano_pods.cli.project_checks import check_projects
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.run_request import RunRequest
from meltano_pods.cli.variable_checks import find_shadowed_settings, find_unset_output
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.missing import missing_package
from meltano_pods.names import pluralize
from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.settings.types.execution import KUBERNETES, LOCAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from meltano_pods.cli.cluster import Cluster
    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.pods.spec.preview import PodPreview
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.projects import PlannedProject

_COLOURS = {OK: "green", NOTE: "cyan", WARNING: "yellow", ERROR: "red"}


class _ClusterChoice(NamedTuple):
    """The cluster to check, with the profile of the deployment and the user in it."""

    profile: str | None
    context: str | None
    kubeconfig: Path | None
    user: str | None

    @property
    def named(self) -> bool:
        """Whether the command line names a cluster."""
        return bool(self.context or self.kubeconfig)


@click.command()
@click.argument("names", metavar="[PROJECT]...", nargs=-1)
@projects_option
@format_option
@profile_option("Check a deployment with this profile.")
@cluster_options()
@click.option(
    "--as",
    "user",
    metavar="USER",
    help="Check the permissions of this user, such as Airflow's service account: "
    "system:serviceaccount:NAMESPACE:NAME.  [default: you]",
)
@click.option(
    "--pod",
    "dry_run",
    is_flag=True,
    help="Start one pod for each project that moves no data (`--dry-run`). It shows whether the "
    "cluster admits the pod, its image and Secrets are found, and the image contains the project "
    "here.",
)
def command(  # noqa: PLR0913, PLR0917 - an option each
    names: tuple[str, ...],
    projects: Path | None,
    form: str,
    profile: str | None,
    context: str | None,
    kubeconfig: Path | None,
    user: str | None,
    *,
    dry_run: bool,
) -> int:
    """Check everything that runs depend on, and show how to fix problems.

    It reports what `validate` reports, and checks Airflow's settings, pools and the names of
    images. For tasks that run as processes here, it checks the runner, variables and plugins.

    If tasks run as pods, or with --profile, --context, --kubeconfig, --as or --pod, it checks the
    cluster: namespace, permissions, Secrets (names and keys, never values), quotas and limits. The
    cluster is the one of --context, of the deployment's settings, or of `make up`; no other one is
    contacted. Only --pod changes anything: it starts pods.

    Exit codes: 0 if there is no error, 1 if there is one.
    """
    found = find_projects(projects).only(names)
    # Airflow's loggers write to stdout, which is for results.
    with redirect_stdout(sys.stderr):
        choice = _ClusterChoice(profile, context, kubeconfig, user)
        findings = _collect_findings(found, choice, dry_run=dry_run)
    _show(findings, form)
    return 1 if any(each.level == ERROR for each in findings) else 0


def _collect_findings(found: Projects, choice: _ClusterChoice, *, dry_run: bool) -> list[Finding]:
    profile = choice.profile
    deployment = read_deployment(profile, found.root)
    checks = check_projects(found)
    read, plans = checks.read, [each.plan for each in checks.read]
    findings = [
        Finding(level, "projects", f"{each.where}: {each.what}", each.fix)
        for level, several in ((ERROR, checks.errors), (WARNING, group_by_text(checks.warnings)))
        for each in several
    ]
    if not checks.errors:
        findings.append(build_ok("projects", f"{pluralize(len(plans), 'project')}: plan OK"))
    findings += check_variables(os.environ)
    tasks = defaultdict(list)
    for task in (task for plan in plans for task in plan.tasks):
        tasks[deployment.get_execution_mode(task)].append(task)
    check_cluster = bool(tasks[KUBERNETES] or profile or choice.named or choice.user or dry_run)
    installed = find_versions()
    findings += check_airflow(
        deployment, installed, read_min_heartbeat(), pods=bool(tasks[KUBERNETES])
    )
    if installed and tasks[LOCAL]:
        local = [
            LocalTask(found.folder / plan.project, task)
            for plan in plans
            for task in plan.tasks
            if deployment.get_execution_mode(task) == LOCAL
        ]
        findings += check_runner(found, local, deployment)
    # Without --profile, the environment here is that of Airflow.
    worker = os.environ if choice.profile is None else {}
    findings += _check_project_variables(read, deployment, worker)
    for launcher, each in tasks.items():
        findings += describe_state(each, execution_mode=launcher)
    every = [task for each in tasks.values() for task in each]
    # Another deployment has another database.
    pools = read_pools() if profile is None and any(task.pool for task in every) else None
    findings += check_pools(every, pools)
    if check_cluster:
        findings += _check_cluster(found, plans, deployment, choice, dry_run=dry_run)
    else:
        findings.append(Finding(NOTE, "cluster", "not checked: all tasks run as processes"))
    return findings


def _check_cluster(
    found: Projects,
    plans: Sequence[ProjectPlan],
    deployment: Deployment,
    choice: _ClusterChoice,
    *,
    dry_run: bool,
) -> Iterator[Finding]:
    """Check pods, and the cluster if one is named."""
    try:
        # Imported here, because only a cluster needs the client.
        from meltano_pods.cli.cluster import connect  # noqa: PLC0415
        from meltano_pods.cli.kubeconfig import NoClusterError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (missing := missing_package(error, "the check of the cluster")) is None:
            raise
        yield Finding(ERROR, "cluster", missing.what, missing.fix)
        return
    cluster = None
    try:
        cluster = connect(found.root, deployment.settings, choice.context, choice.kubeconfig)
        deployment = read_cluster_deployment(cluster, choice.profile, found.root)
    except NoClusterError as error:
        level = ERROR if dry_run or choice.named else NOTE
        yield Finding(level, "cluster", f"not checked: {error.what}", error.fix)
    except MeltanoPodsError as error:
        yield Finding(ERROR, "cluster", f"{error.what} ({error.where})", error.fix)
        cluster = None
    yield from _check_pods(
        found, plans, _force_pods(deployment), (cluster, choice.user), dry_run=dry_run
    )


def _check_project_variables(
    projects: Sequence[PlannedProject], deployment: Deployment, worker: Collection[str]
) -> Iterator[Finding]:
    for project in projects:
        with suppress(MeltanoPodsError):  # an error of the pods, which is reported already
            for each in (
                *find_shadowed_settings(project, deployment, worker),
                *find_unset_output(project, deployment),
            ):
                yield Finding(WARNING, "variables", f"{each.where}: {each.what}", each.fix)


def _force_pods(deployment: Deployment) -> Deployment:
    """Return the deployment with tasks as pods."""
    settings = deployment.settings.model_copy(update={"execution_mode": KUBERNETES})
    return replace(deployment, settings=settings)


def _check_pods(
    found: Projects,
    plans: Sequence[ProjectPlan],
    deployment: Deployment,
    target: tuple[Cluster | None, str | None],
    *,
    dry_run: bool,
) -> Iterator[Finding]:
    cluster, user = target
    try:
        pods = [pod for plan in plans for pod in preview_pods(plan, deployment)]
    except MeltanoPodsError as error:
        yield Finding(ERROR, "pods", error.what, error.fix)
        return
    manifests = [pod.manifest for pod in pods]
    yield from check_images(manifests)
    if cluster is None:
        return
    try:
        yield from _check_namespaces(manifests, cluster, user)
    except MeltanoPodsError as error:
        yield Finding(ERROR, "cluster", f"{error.what} ({error.where})", error.fix)
        return
    if dry_run:
        yield from _start_dry_runs(found, plans, pods, deployment, cluster)


def _check_namespaces(
    manifests: Sequence[dict[str, Any]], cluster: Cluster, user: str | None
) -> Iterator[Finding]:
    from meltano_pods.cli.doctor.facts import gather_facts  # noqa: PLC0415

    spaces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in manifests:
        spaces[each["metadata"].get("namespace") or cluster.namespace or "default"].append(each)
    for namespace, pods in spaces.items():
        facts = gather_facts(cluster, namespace, list_needs(pods), user)
        yield build_ok("cluster", f"`{cluster.name}` answers at {cluster.server}")
        for finding in check_cluster(namespace, facts, pods):
            yield replace(finding, fix=cluster.aim(finding.fix))


def _start_dry_runs(
    found: Projects,
    plans: Sequence[ProjectPlan],
    pods: Sequence[PodPreview],
    deployment: Deployment,
    cluster: Cluster,
) -> Iterator[Finding]:
    from meltano_pods.cli.run_kubernetes import run_in_cluster  # noqa: PLC0415

    for plan in plans:
        first = next((pod for pod in pods if pod.project == plan.project), None)
        if first is None:
            continue
        task = first.task
        blocks = task.arguments[1 : 1 + _find_first_option(task.arguments[1:])]
        spec = RunSpec(["run", *blocks, "--dry-run"], task.environment, task.env)
        folder = found.folder / plan.project
        dag_id = first.dag.dag_id
        request = RunRequest(found.root, folder, plan.digest, dag_id, task, spec, deployment)
        try:
            run_in_cluster(request, TerminalLog(), cluster, wait=True)
        except MeltanoPodsError as error:
            yield Finding(ERROR, "pod", f"{plan.project}: {error.what}", error.fix)
        else:
            yield build_ok(
                "pod", f"{plan.project}: a pod starts, and its image contains the project here"
            )


def _find_first_option(words: Sequence[str]) -> int:
    return next((at for at, word in enumerate(words) if word.startswith("-")), len(words))


def _show(findings: Sequence[Finding], form: str) -> None:
    if form != TABLE:
        show_data([each.as_dict() for each in findings], form)
        return
    width = max(len(each.topic) for each in findings)
    for each in findings:
        level = click.style(f"{each.level:7}", fg=_COLOURS[each.level])
        click.echo(f"{level}  {each.topic:{width}}  {each.what}")
        if each.fix:
            click.echo(f"{'':7}  {'':{width}}  fix: {each.fix}")
    errors = sum(each.level == ERROR for each in findings)
    warnings = sum(each.level == WARNING for each in findings)
    click.echo(f"{pluralize(errors, 'error')}, {pluralize(warnings, 'warning')}")
