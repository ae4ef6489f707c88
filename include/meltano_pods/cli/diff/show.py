"""Prints what has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from meltano_pods.cli.deployment import read_deployment
from meltano_pods.cli.diff.change import ADDED, CHANGED, REMOVED, RENAMED
from meltano_pods.cli.diff.checkout import check_out_commit
from meltano_pods.cli.diff.compare import compare_plans
from meltano_pods.cli.output import TABLE, format_value, show_data, show_errors
from meltano_pods.cli.projects import plan_projects
from meltano_pods.names import pluralize
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.project.files import find_project_folders
from meltano_pods.settings.types.execution import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meltano_pods.cli.diff.change import Change, DagChange, ProjectChange, TaskChange
    from meltano_pods.cli.diff.compare import Pods
    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.deployment import Deployment

SOME, STATES = 3, 4
_MARKS = {ADDED: ("+", "green"), REMOVED: ("-", "red"), RENAMED: ("~", "yellow"),
          CHANGED: ("~", "yellow")}  # fmt: skip


def show_changes(  # noqa: PLR0913 - the options of the command line
    found: Projects,
    names: Sequence[str],
    deployment: Deployment,
    reference: str,
    form: str,
    *,
    exit_code: bool,
) -> int:
    """Show what has changed since a commit, and return the exit code.

    Args:
        found: The current projects.
        names: The projects to compare; empty for all.
        deployment: Where pods would run; if runs are processes, the pods of the default profile are
            compared.
        reference: The commit.
        form: `table`, `json` or `yaml`.
        exit_code: Whether the exit code shows changes.

    Raises:
        DeploymentError: There is no such commit.
    """
    if deployment.settings.execution_mode != KUBERNETES:
        deployment = read_deployment("default", found.root)
    with check_out_commit(reference, [found.folder, deployment.templates]) as (folder, templates):
        # Also projects that were removed since.
        then = [each for each in find_project_folders(folder) if not names or each.name in names]
        before, unreadable = plan_projects(then)
        pods_then = _list_pods(before, replace(deployment, templates=templates))
    after, errors = plan_projects(found.folders)
    changed = compare_plans(before, after, (pods_then, _list_pods(after, deployment)))
    states = sum(task.states is not None for task in _iterate_tasks(changed))
    if form == TABLE:
        for each in changed:
            _show_project(each)
        _show_totals(changed, reference, states)
    else:
        projects = [each.as_dict() for each in changed]
        show_data({"since": reference, "projects": projects, "state_ids_changed": states}, form)
    for error in unreadable:
        click.echo(
            f"not compared, because {reference} has an error: {error.what} ({error.where})",
            err=True,
        )
    show_errors(errors)
    if errors:
        return 1
    return 0 if not exit_code or not changed else STATES if states else SOME


def _list_pods(plans: Iterable[ProjectPlan], deployment: Deployment) -> Pods:
    """Return manifests without digests and names, which differ after every change."""
    found: Pods = {}
    if not deployment.templates.is_dir():
        return found
    for each in plans:
        for pod in preview_pods(replace(each, digest=""), deployment):
            spec = pod.manifest["spec"]
            for container in spec["containers"]:
                container.pop("args", None)  # the plan's arguments
            annotations = pod.manifest["metadata"].get("annotations") or {}
            kept = {
                key: value
                for key, value in annotations.items()
                if not key.startswith(naming.VENDOR)
            }
            found[pod.dag.dag_id, pod.task.task_id] = {"annotations": kept, "spec": spec}
    return found


def _iterate_tasks(changed: Iterable[ProjectChange]) -> Iterator[TaskChange]:
    return (task for project in changed for dag in project.dags for task in dag.tasks)


def _show_project(project: ProjectChange) -> None:
    about = project.kind
    if project.kind == CHANGED and project.files:
        about = "its files changed: rebuild the Meltano image, or runs fail with config_drift"
    click.echo(click.style(project.project, bold=True) + f": {about}")
    for dag in project.dags:
        _show_dag(dag)


def _show_dag(dag: DagChange) -> None:
    about = {
        REMOVED: "removed; Airflow keeps its history under this id",
        RENAMED: f"renamed from {dag.was}; Airflow keeps its history under the old id",
        ADDED: "added; starts paused",
    }.get(dag.kind, "")
    _show_line(2, dag.kind, f"{dag.dag_id}  {about}")
    _show_values(6, dag.changes)
    for task in dag.tasks:
        _show_line(6, task.kind, f"{task.task_id}  {task.command}")
        _show_values(10, task.changes)
        _show_values(10, task.pod, "pod ")
        if task.states is not None:
            old, new = (" ".join(states) or "none" for states in task.states)
            text = f"! STATE ID {old} -> {new}: the next run extracts all records again"
            click.echo(" " * 10 + click.style(text, fg="red", bold=True))


def _show_line(indent: int, kind: str, text: str) -> None:
    mark, colour = _MARKS[kind]
    click.echo(" " * indent + click.style(f"{mark} {text}".rstrip(), fg=colour))


def _show_values(indent: int, changes: Iterable[Change], prefix: str = "") -> None:
    for each in changes:
        click.echo(
            f"{' ' * indent}{prefix}{each.key}: "
            f"{format_value(each.old)} -> {format_value(each.new)}"
        )


def _show_totals(changed: list[ProjectChange], reference: str, states: int) -> None:
    dags = [dag for project in changed for dag in project.dags]
    kinds = (ADDED, REMOVED, RENAMED, CHANGED)
    counts = ", ".join(f"{sum(dag.kind == kind for dag in dags)} {kind}" for kind in kinds)
    click.echo(f"DAGs since {reference}: {counts}; {pluralize(states, 'state id')} changed")
