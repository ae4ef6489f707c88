"""`meltano-pods plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meltano_pods.cli.deployment import read_deployment
from meltano_pods.cli.options import PROFILE_NAMES, SuggestingChoice
from meltano_pods.cli.output import (
    JSON,
    TABLE,
    format_option,
    show_data,
    show_errors,
    show_table,
)
from meltano_pods.cli.plan_settings import show_settings
from meltano_pods.cli.projects import find_projects, plan_projects, projects_option
from meltano_pods.errors import Location
from meltano_pods.pods.spec.preview import preview_pods

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.plan import ProjectPlan
    from meltano_pods.plan.model import BrokenDag
    from meltano_pods.tasks.deployment import Deployment


@click.command()
@click.argument("names", metavar="[PROJECT]...", nargs=-1)
@projects_option
@format_option
@click.option(
    "--pods",
    "profile",
    metavar="PROFILE",
    type=SuggestingChoice(PROFILE_NAMES),
    help="Print the pods that a deployment with this profile would start: "
    f"{', '.join(PROFILE_NAMES)}.",
)
@click.option(
    "--settings",
    "explain",
    is_flag=True,
    help="Print every setting of each task: its value, the level that set it, file and line. "
    "Includes the settings of the deployment that Airflow's configuration here describes.",
)
@click.option(
    "--diff",
    "reference",
    metavar="REF",
    help="Print what has changed since a Git commit, branch or tag: DAGs, tasks, settings, pods "
    "and state ids.",
)
@click.option(
    "--exit-code",
    "exit_code",
    is_flag=True,
    help="With --diff: exit with 4 if a state id has changed, with 3 if anything else has.",
)
def command(  # noqa: PLR0913 - an option each
    names: tuple[str, ...],
    projects: Path | None,
    form: str,
    profile: str | None,
    reference: str | None,
    *,
    explain: bool,
    exit_code: bool,
) -> int:
    """Print the DAGs and tasks that projects become, without Airflow.

    With --pods, print the manifests of their pods.

    With --diff, print what has changed between REF and the working tree. Airflow stores the history
    of a DAG or task under its id, and Meltano stores bookmarks under the state id: a task whose
    state id has changed extracts all records again.

    A DAG that cannot run because of an error in its project is shown as broken. A DAG that can run
    despite an error, such as two scheduled DAGs that share a state, is shown normally. Errors
    follow the table. Exit codes: 0 if no project has an error, 1 if one has.
    """
    _check_options(profile, reference, explain=explain, exit_code=exit_code)
    found = find_projects(projects).only(names)
    deployment = read_deployment(profile, found.root)
    if reference is not None:
        from meltano_pods.cli.diff.show import show_changes  # noqa: PLC0415 - rarely used

        return show_changes(found, names, deployment, reference, form, exit_code=exit_code)
    plans, errors = plan_projects(found.folders)
    if profile is not None:
        _show_pods(plans, deployment, form)
    elif explain:
        show_settings(plans, deployment.settings, form)
    elif form == TABLE:
        _show(plans, deployment, found.folder)
    else:
        show_data([each.as_dict() for each in plans], form)
    if profile is not None or explain:
        for each in plans:
            if not each.dags and not each.broken:
                click.echo(_describe_empty_project(each, found.folder), err=True)
    show_errors(errors)
    return 1 if errors else 0


def _check_options(
    profile: str | None, reference: str | None, *, explain: bool, exit_code: bool
) -> None:
    if exit_code and reference is None:
        raise click.UsageError("--exit-code requires --diff; add --diff REF or omit --exit-code")
    printed = {"--settings": explain, "--pods": profile is not None, "--diff": bool(reference)}
    first, *others = [option for option, used in printed.items() if used] or [""]
    if others:
        raise click.UsageError(f"{first} cannot be combined with {others[0]}; omit one")


def _show(plans: list[ProjectPlan], deployment: Deployment, folder: Path) -> None:
    for number, each in enumerate(plans):
        if number:
            click.echo()
        click.echo(click.style(each.project, bold=True) + f" (digest {each.digest[:12]})")
        if not each.dags and not each.broken:
            click.echo(f"  {_describe_empty_project(each, folder)}")
            continue
        # If every DAG is a chain, the order of the rows shows it.
        after = () if all(dag.is_chain for dag in each.dags) else ("AFTER",)
        rows = [("DAG", "SCHEDULE", "TASK", *after, "ENVIRONMENT", "EXECUTION MODE", "COMMAND")]
        for dag in each.dags:
            rows += [
                (
                    dag.dag_id,
                    dag.schedule or "manual",
                    task.task_id,
                    *(", ".join(task.upstream) or "-" for _ in after),
                    task.environment or "none",
                    deployment.get_execution_mode(task),
                    " ".join(task.build_invocation().arguments),
                )
                for task in dag.tasks
            ]
        rows += [
            (
                dag.dag_id,
                dag.schedule or ("unreadable" if _has_bad_interval(dag) else "manual"),
                "-",
                *("-" for _ in after),
                "-",
                "broken",
                f"- ({dag.errors[0].where})",
            )
            for dag in each.broken
        ]
        show_table(rows, "  ")


def _has_bad_interval(dag: BrokenDag) -> bool:
    """Whether a DAG has no schedule because its interval is invalid."""
    place = (dag.where.file, f"{dag.where.key}.interval")
    return any(
        isinstance(each.where, Location) and (each.where.file, each.where.key) == place
        for each in dag.errors
    )


def _describe_empty_project(plan: ProjectPlan, folder: Path) -> str:
    file = folder / plan.project / "meltano.yml"
    return f"No DAG yet: {file} has neither a schedule nor a job. Add one."


def _show_pods(plans: list[ProjectPlan], deployment: Deployment, form: str) -> None:
    pods = [pod.manifest for each in plans for pod in preview_pods(each, deployment)]
    if form == JSON:
        show_data(pods, form)
        return
    for pod in pods:
        click.echo("---")
        show_data(pod, "yaml")
