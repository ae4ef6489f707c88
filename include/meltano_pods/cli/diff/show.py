"""Shows what has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.deployment import deployment_of
from meltano_pods.cli.diff.baseline import at_commit
from meltano_pods.cli.diff.change import ADDED, CHANGED, REMOVED, RENAMED
from meltano_pods.cli.diff.compare import difference
from meltano_pods.cli.output import TABLE, show_data, show_faults
from meltano_pods.cli.projects import planned_all
from meltano_pods.names import counted
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


def show_changes(  # noqa: PLR0913 - what the command line says
    found: Projects,
    names: Sequence[str],
    deployment: Deployment,
    reference: str,
    form: str,
    *,
    tell: bool,
) -> int:
    """Show what has changed since a commit, and return the exit code.

    Args:
        found: The projects as they are.
        names: Those that are meant; empty for all.
        deployment: Where pods would run; where runs are processes, those of the default profile
            are compared.
        reference: The commit.
        form: `table`, `json` or `yaml`.
        tell: Whether the exit code tells of changes.

    Raises:
        DeploymentError: There is no such commit.
    """
    if deployment.settings.execution_mode != KUBERNETES:
        deployment = deployment_of("default", found.root)
    with at_commit(reference, [found.folder, deployment.templates]) as (folder, templates):
        # All projects are meant, also those that are gone, or those that are named.
        then = [each for each in find_project_folders(folder) if not names or each.name in names]
        before, unreadable = planned_all(then)
        pods_then = _pods(before, replace(deployment, templates=templates))
    after, faults = planned_all(found.folders)
    changed = difference(before, after, (pods_then, _pods(after, deployment)))
    states = sum(task.states is not None for task in _every_task(changed))
    if form == TABLE:
        for each in changed:
            _show(each)
        _show_sum(changed, reference, states)
    else:
        said = [each.as_dict() for each in changed]
        show_data({"since": reference, "projects": said, "state_ids_changed": states}, form)
    for fault in unreadable:
        click.echo(
            f"not compared, {reference} had an error: {fault.what} ({fault.where})", err=True
        )
    show_faults(faults)
    if faults:
        return 1
    return 0 if not tell or not changed else STATES if states else SOME


def _pods(plans: Iterable[ProjectPlan], deployment: Deployment) -> Pods:
    """Return manifests without what changes with every change: digests, names."""
    found: Pods = {}
    if not deployment.templates.is_dir():
        return found
    for each in plans:
        for pod in preview_pods(replace(each, digest=""), deployment):
            spec = pod.manifest["spec"]
            for container in spec["containers"]:
                container.pop("args", None)  # the plan's arguments
            annotations = pod.manifest["metadata"].get("annotations") or {}
            own = {
                key: value
                for key, value in annotations.items()
                if not key.startswith(naming.VENDOR)
            }
            found[pod.dag.dag_id, pod.task.task_id] = {"annotations": own, "spec": spec}
    return found


def _every_task(changed: Iterable[ProjectChange]) -> Iterator[TaskChange]:
    return (task for project in changed for dag in project.dags for task in dag.tasks)


def _show(project: ProjectChange) -> None:
    about = project.kind
    if project.kind == CHANGED and project.files:
        about = "its files changed: rebuild the Meltano image, or runs fail with config_drift"
    click.echo(click.style(project.project, bold=True) + f": {about}")
    for dag in project.dags:
        _show_dag(dag)


def _show_dag(dag: DagChange) -> None:
    about = {
        REMOVED: "removed; what it did stays in Airflow under this id",
        RENAMED: f"renamed, was {dag.was}; what that did stays in Airflow under the old id",
        ADDED: "added; starts paused",
    }.get(dag.kind, "")
    _line(2, dag.kind, f"{dag.dag_id}  {about}")
    _show_values(6, dag.changes)
    for task in dag.tasks:
        _line(6, task.kind, f"{task.task_id}  {task.command}")
        _show_values(10, task.changes)
        _show_values(10, task.pod, "pod ")
        if task.states is not None:
            old, new = (" ".join(states) or "none" for states in task.states)
            text = f"! STATE ID {old} -> {new}: the next run moves all records again"
            click.echo(" " * 10 + click.style(text, fg="red", bold=True))


def _line(indent: int, kind: str, text: str) -> None:
    mark, colour = _MARKS[kind]
    click.echo(" " * indent + click.style(f"{mark} {text}".rstrip(), fg=colour))


def _show_values(indent: int, changes: Iterable[Change], of: str = "") -> None:
    for each in changes:
        click.echo(f"{' ' * indent}{of}{each.key}: {_shown(each.old)} -> {_shown(each.new)}")


def _shown(value: Any) -> str:  # noqa: ANN401 - anything of a plan
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)


def _show_sum(changed: list[ProjectChange], reference: str, states: int) -> None:
    dags = [dag for project in changed for dag in project.dags]
    kinds = (ADDED, REMOVED, RENAMED, CHANGED)
    counts = ", ".join(f"{sum(dag.kind == kind for dag in dags)} {kind}" for kind in kinds)
    click.echo(f"DAGs since {reference}: {counts}; {counted(states, 'state id')} changed")
