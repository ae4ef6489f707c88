"""Puts together what doctor looks at."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from meltano_pods.cli.asked import Asked
from meltano_pods.cli.deployment import deployment_in, deployment_of
from meltano_pods.cli.doctor.airflow import (
    heartbeat,
    judge_airflow,
    judge_state,
    judge_variables,
    versions,
)
from meltano_pods.cli.doctor.cluster import judge, needed_by
from meltano_pods.cli.doctor.finding import FAULT, NOTE, OK, WARNING, Finding, ok
from meltano_pods.cli.doctor.images import judge_images
from meltano_pods.cli.doctor.local import LocalTask, judge_runner
from meltano_pods.cli.doctor.pools import judge_pools, pools_here
from meltano_pods.cli.options import cluster_options, profile_option
from meltano_pods.cli.output import TABLE, format_option, group, show_data
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.review import review_projects
from meltano_pods.cli.shadowed import shadowed
from meltano_pods.cli.terminal import TerminalLog
from meltano_pods.cli.unset_output import unset_output
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.missing import missing_package
from meltano_pods.names import counted
from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.settings.types.execution import KUBERNETES, LOCAL
from meltano_pods.tasks.execution_mode import get_execution_mode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from meltano_pods.cli.kubernetes import Reached
    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.pods.spec.preview import PodPreview
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.planned import PlannedProject

_COLOURS = {OK: "green", NOTE: "cyan", WARNING: "yellow", FAULT: "red"}


class _Where(NamedTuple):
    """Which cluster to ask, like whose deployment, and whose rights in it."""

    profile: str | None
    context: str | None
    kubeconfig: Path | None
    user: str | None

    @property
    def named(self) -> bool:
        """Whether the command line asks for a cluster by its name."""
        return bool(self.context or self.kubeconfig)


@click.command()
@click.argument("names", metavar="[PROJECT]...", nargs=-1)
@projects_option
@format_option
@profile_option("Look at a deployment of this profile.")
@cluster_options()
@click.option(
    "--as",
    "user",
    metavar="USER",
    help="Whose permissions to check: Airflow's service account, as "
    "system:serviceaccount:NAMESPACE:NAME.  [default: your own]",
)
@click.option(
    "--pod",
    "dry_run",
    is_flag=True,
    help="Start a pod of each project that runs nothing (`--dry-run`): shows whether it is let in, "
    "gets its image and secrets, and whether the image's project is the one here.",
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

    It reports what `validate` reports, image names, Airflow's settings and the pools that tasks
    name. Of tasks that run as processes here: the runner, variables that are not set and plugins
    that are not installed.

    Where tasks are pods or --profile, --context, --kubeconfig, --as or --pod asks for it, it checks
    the cluster: namespace, permissions, Secrets (their names and keys, never their values), quota
    and limits. It is the cluster of --context, of the deployment's settings, or of `make up`; no
    other one is contacted. Nothing is changed; --pod alone starts something.

    Exit codes: 0 if nothing keeps runs from working, 1 if something does.
    """
    found = find_projects(projects).only(names)
    # Airflow's own loggers write to stdout, which is for the answer.
    with redirect_stdout(sys.stderr):
        where = _Where(profile, context, kubeconfig, user)
        findings = _findings(found, where, dry_run=dry_run)
    _show(findings, form)
    return 1 if any(each.level == FAULT for each in findings) else 0


def _findings(found: Projects, where: _Where, *, dry_run: bool) -> list[Finding]:
    profile = where.profile
    deployment = deployment_of(profile, found.root)
    review = review_projects(found)
    read, plans = review.read, [each.plan for each in review.read]
    findings = [
        Finding(level, "projects", f"{each.where}: {each.what}", each.fix)
        for level, several in ((FAULT, review.errors), (WARNING, group(review.warnings)))
        for each in several
    ]
    if not review.errors:
        findings.append(ok("projects", f"{counted(len(plans), 'project')}: plan OK"))
    findings += judge_variables(os.environ)
    tasks = defaultdict(list)
    for task in (task for plan in plans for task in plan.tasks):
        tasks[get_execution_mode(task, deployment)].append(task)
    asks = bool(tasks[KUBERNETES] or profile or where.named or where.user or dry_run)
    installed = versions()
    findings += judge_airflow(deployment, installed, heartbeat(), pods=bool(tasks[KUBERNETES]))
    if installed and tasks[LOCAL]:
        local = [
            LocalTask(found.folder / plan.project, task)
            for plan in plans
            for task in plan.tasks
            if get_execution_mode(task, deployment) == LOCAL
        ]
        findings += judge_runner(found, local, deployment)
    # Doctor runs where Airflow does, unless it is asked about another deployment.
    worker = os.environ if where.profile is None else {}
    findings += _variables(read, deployment, worker)
    for launcher, each in tasks.items():
        findings += judge_state(each, execution_mode=launcher)
    every = [task for each in tasks.values() for task in each]
    # Of another deployment than the one here, its own database is far.
    pools = pools_here() if profile is None and any(task.pool for task in every) else None
    findings += judge_pools(every, pools)
    if asks:
        findings += _of_cluster(found, plans, deployment, where, dry_run=dry_run)
    else:
        findings.append(Finding(NOTE, "cluster", "not looked at: all tasks are processes"))
    return findings


def _of_cluster(
    found: Projects,
    plans: Sequence[ProjectPlan],
    deployment: Deployment,
    where: _Where,
    *,
    dry_run: bool,
) -> Iterator[Finding]:
    """Yield what is found of the pods and of the cluster, which is named or not asked."""
    try:
        # Here and not above, as below: only where there is a cluster to ask.
        from meltano_pods.cli.kubernetes import NoClusterError, reach  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (missing := missing_package(error, "a look at the cluster")) is None:
            raise
        yield Finding(FAULT, "cluster", missing.what, missing.fix)
        return
    cluster = None
    try:
        cluster = reach(found.root, deployment.settings, where.context, where.kubeconfig)
        deployment = deployment_in(cluster, where.profile, found.root)
    except NoClusterError as error:
        level = FAULT if dry_run or where.named else NOTE
        yield Finding(level, "cluster", f"not looked at: {error.what}", error.fix)
    except MeltanoPodsError as error:
        yield Finding(FAULT, "cluster", f"{error.what} ({error.where})", error.fix)
        cluster = None
    yield from _of_pods(found, plans, _as_pods(deployment), (cluster, where.user), dry_run=dry_run)


def _variables(
    projects: Sequence[PlannedProject], deployment: Deployment, worker: Collection[str]
) -> Iterator[Finding]:
    for project in projects:
        with suppress(MeltanoPodsError):  # of the pods, which is a finding of its own
            for each in (
                *shadowed(project, deployment, worker),
                *unset_output(project, deployment),
            ):
                yield Finding(WARNING, "variables", f"{each.where}: {each.what}", each.fix)


def _as_pods(deployment: Deployment) -> Deployment:
    """Return the deployment with pods: whoever asks for a cluster means to start some."""
    settings = deployment.settings.model_copy(update={"execution_mode": KUBERNETES})
    return replace(deployment, settings=settings)


def _of_pods(
    found: Projects,
    plans: Sequence[ProjectPlan],
    deployment: Deployment,
    asked: tuple[Reached | None, str | None],
    *,
    dry_run: bool,
) -> Iterator[Finding]:
    cluster, user = asked
    try:
        pods = [pod for plan in plans for pod in preview_pods(plan, deployment)]
    except MeltanoPodsError as error:
        yield Finding(FAULT, "pods", error.what, error.fix)
        return
    manifests = [pod.manifest for pod in pods]
    yield from judge_images(manifests)
    if cluster is None:
        return
    try:
        yield from _of_namespaces(manifests, cluster, user)
    except MeltanoPodsError as error:
        yield Finding(FAULT, "cluster", f"{error.what} ({error.where})", error.fix)
        return
    if dry_run:
        yield from _dry_runs(found, plans, pods, deployment, cluster)


def _of_namespaces(
    manifests: Sequence[dict[str, Any]], cluster: Reached, user: str | None
) -> Iterator[Finding]:
    from meltano_pods.cli.doctor.facts import gather  # noqa: PLC0415

    spaces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in manifests:
        spaces[each["metadata"].get("namespace") or cluster.namespace or "default"].append(each)
    for namespace, pods in spaces.items():
        facts = gather(cluster, namespace, needed_by(pods), user)
        yield ok("cluster", f"`{cluster.name}` answers at {cluster.server}")
        for finding in judge(namespace, facts, pods):
            yield replace(finding, fix=cluster.aim(finding.fix))


def _dry_runs(
    found: Projects,
    plans: Sequence[ProjectPlan],
    pods: Sequence[PodPreview],
    deployment: Deployment,
    cluster: Reached,
) -> Iterator[Finding]:
    from meltano_pods.cli.run_kubernetes import run_in_cluster  # noqa: PLC0415

    for plan in plans:
        first = next((pod for pod in pods if pod.project == plan.project), None)
        if first is None:
            continue
        task = first.task
        blocks = task.arguments[1 : 1 + _until_option(task.arguments[1:])]
        spec = RunSpec(["run", *blocks, "--dry-run"], task.environment, task.env)
        folder = found.folder / plan.project
        asked = Asked(found.root, folder, plan.digest, first.dag.dag_id, task, spec, deployment)
        try:
            run_in_cluster(asked, TerminalLog(), cluster, wait=True)
        except MeltanoPodsError as error:
            yield Finding(FAULT, "pod", f"{plan.project}: {error.what}", error.fix)
        else:
            yield ok(
                "pod", f"{plan.project}: a pod starts, and its image holds the project of here"
            )


def _until_option(words: Sequence[str]) -> int:
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
    faults = sum(each.level == FAULT for each in findings)
    warnings = sum(each.level == WARNING for each in findings)
    click.echo(f"{counted(faults, 'fault')}, {counted(warnings, 'warning')}")
