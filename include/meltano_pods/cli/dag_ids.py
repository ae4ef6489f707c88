"""Finds a DAG by its id, or suggests similar ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meltano_pods.cli.output import format_cli_command
from meltano_pods.cli.projects import check_file_name
from meltano_pods.errors import DeploymentError, MeltanoPodsError, combine_errors
from meltano_pods.names import list_names, pluralize, suggest
from meltano_pods.project.naming import check_project_folder
from meltano_pods.tasks.projects import plan_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import DagPlan, ProjectPlan


_MAX_SUGGESTED = 3


def find_dag(found: Projects, dag_id: str | None) -> tuple[ProjectPlan, DagPlan]:
    """Return a DAG's plan, and that of its project; warn where the project has errors elsewhere.

    Only the project that the id names is planned, so an error in another one does not matter.

    Raises:
        DeploymentError: There is no such DAG.
        ProjectError: It is broken, or its project cannot be read.
    """
    if dag_id is None:
        known = list(_iterate_dag_ids(found))
        raise click.UsageError(
            f"Name a DAG, as in `{format_cli_command('run', known[0])}`; expected one of: "
            f"{list_names(known)}."
            if known
            else "Name a DAG. There is none yet: no project here has a schedule or a job."
        )
    folders = [each for each in found.folders if _get_project_name(dag_id) == each.name]
    plans = [plan_project(each) for each in folders]
    for plan in plans:
        for dag in plan.dags:
            if dag.dag_id == dag_id:
                _warn_about_errors(plan)
                return plan, dag
        for broken in plan.broken:
            if broken.dag_id == dag_id:
                raise combine_errors(broken.errors)
    if not folders:
        check_file_name(found.folder / _get_project_name(dag_id))
        raise _build_unknown_dag_error(found, dag_id, list(_iterate_dag_ids(found)))
    if known := [dag_id for plan in plans for dag_id in plan.list_dag_ids()]:
        if "." in dag_id:
            raise _build_unknown_dag_error(found, dag_id, known)
        raise _build_project_error(folders[0], known)
    raise DeploymentError(
        f"the project {folders[0].name} has no DAG: it has neither a schedule nor a job",
        str(folders[0] / "meltano.yml"),
        "Add one, and show the DAG that it becomes: "
        f"`{format_cli_command('plan', folders[0].name)}`.",
    )


def _warn_about_errors(plan: ProjectPlan) -> None:
    if plan.errors:
        broken = f", and {list_names(each.dag_id for each in plan.broken)} cannot run"
        click.echo(
            click.style("warning: ", fg="yellow", bold=True)
            + f"the project {plan.project} has {pluralize(len(plan.errors), 'error')}"
            + (broken if plan.broken else "")
            + f"; `{format_cli_command('validate', plan.project)}` shows "
            + ("it" if len(plan.errors) == 1 else "them"),
            err=True,
        )


def _get_project_name(dag_id: str) -> str:
    return dag_id.partition(".")[0]


def _iterate_dag_ids(found: Projects) -> Iterator[str]:
    """Yield the ids of the DAGs of all projects that can be planned."""
    for folder in found.folders:
        try:
            plan = plan_project(folder)
        except MeltanoPodsError:
            continue
        yield from plan.list_dag_ids()


def _build_project_error(folder: Path, known: Sequence[str]) -> DeploymentError:
    return DeploymentError(
        f"`{folder.name}` is a project, and its DAGs are: {list_names(known)}",
        str(folder),
        f"Did you mean `{known[0]}`?"
        if len(known) == 1
        else f"Name one of these, such as `{known[0]}`.",
    )


def _build_unknown_dag_error(found: Projects, dag_id: str, known: Sequence[str]) -> DeploymentError:
    for folder in found.folders:
        if dag_id.startswith(f"{folder.name}."):  # a name with a dot in it
            check_project_folder(folder)
    # meltano.yml has the name of a schedule or job without the project.
    matching = [each for each in known if each.endswith(f".{dag_id}")]
    meant = " or ".join(f"`{each}`" for each in matching[:_MAX_SUGGESTED])
    near = f"Did you mean {meant}? " if matching else suggest(dag_id, known)
    if not matching and (file := _find_custom_dag(found.airflow.dags, dag_id)) is not None:
        return DeploymentError(
            f"`{dag_id}` is a custom DAG, and this command knows only the DAGs of projects",
            str(file),
            f"Run it with `make run DAG={dag_id}`.",
        )
    return DeploymentError(
        f"there is no DAG `{dag_id}`; there are: {list_names(known)}",
        str(found.folder),
        f"{near}Name one of these; `{format_cli_command('plan')}` lists all.",
    )


def _find_custom_dag(dags: Path, dag_id: str) -> Path | None:
    """Return the DAG file that contains a DAG id as a string, without running the file."""
    literals = (f'"{dag_id}"', f"'{dag_id}'")
    for file in sorted(dags.rglob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if any(each in text for each in literals):
            return file
    return None
