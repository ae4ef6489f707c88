"""Finds a DAG by its id, or says which one was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meltano_pods.cli.output import typed
from meltano_pods.cli.projects import check_file_name
from meltano_pods.errors import DeploymentError, MeltanoPodsError, together
from meltano_pods.names import counted, listed, suggestion
from meltano_pods.project.naming import check_project_folder
from meltano_pods.tasks.planned import planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import DagPlan, ProjectPlan


_MEANT = 3
"""How many DAGs are suggested at most."""


def find_dag(found: Projects, dag_id: str | None) -> tuple[ProjectPlan, DagPlan]:
    """Return a DAG's plan, and that of its project; warn where the project has errors elsewhere.

    Only the project that the id names is planned: an error in another one is not in the way.

    Raises:
        DeploymentError: There is no such DAG.
        ProjectError: It is broken, or its project cannot be read.
    """
    if dag_id is None:
        known = list(_all_dags(found))
        raise click.UsageError(
            f"No DAG is named. There are: {listed(known)}. For example: `{typed('run', known[0])}`."
            if known
            else "No DAG is named, and no project here has one."
        )
    own = [each for each in found.folders if _part_of(dag_id) == each.name]
    plans = [planned(each) for each in own]
    for plan in plans:
        for dag in plan.dags:
            if dag.dag_id == dag_id:
                _warn_of_errors(plan)
                return plan, dag
        for broken in plan.broken:
            if broken.dag_id == dag_id:
                raise together(broken.errors)
    if not own:
        check_file_name(found.folder / _part_of(dag_id))
        raise _no_such_dag(found, dag_id, list(_all_dags(found)))
    if known := [dag_id for plan in plans for dag_id in plan.dag_ids()]:
        if "." in dag_id:
            raise _no_such_dag(found, dag_id, known)
        raise _is_a_project(own[0], known)
    raise DeploymentError(
        f"the project {own[0].name} has no DAG: it has neither a schedule nor a job",
        str(own[0] / "meltano.yml"),
        f"Add one, and see what becomes of it: `{typed('plan', own[0].name)}`.",
    )


def _warn_of_errors(plan: ProjectPlan) -> None:
    if plan.errors:
        broken = f", and {listed(each.dag_id for each in plan.broken)} cannot run"
        click.echo(
            click.style("warning: ", fg="yellow", bold=True)
            + f"the project {plan.project} has {counted(len(plan.errors), 'error')}"
            + (broken if plan.broken else "")
            + f"; `{typed('validate', plan.project)}` shows "
            + ("it" if len(plan.errors) == 1 else "them"),
            err=True,
        )


def _part_of(dag_id: str) -> str:
    return dag_id.partition(".")[0]


def _all_dags(found: Projects) -> Iterator[str]:
    """Yield the ids of the DAGs of all projects that can be planned."""
    for folder in found.folders:
        try:
            plan = planned(folder)
        except MeltanoPodsError:
            continue
        yield from plan.dag_ids()


def _is_a_project(folder: Path, known: Sequence[str]) -> DeploymentError:
    return DeploymentError(
        f"`{folder.name}` is a project, and its DAGs are: {listed(known)}",
        str(folder),
        f"Did you mean `{known[0]}`?"
        if len(known) == 1
        else f"Name one of these, such as `{known[0]}`.",
    )


def _no_such_dag(found: Projects, dag_id: str, known: Sequence[str]) -> DeploymentError:
    for folder in found.folders:
        if dag_id.startswith(f"{folder.name}."):  # a name with a dot in it
            check_project_folder(folder)
    # A schedule's or job's own name is what meltano.yml has.
    ends = [each for each in known if each.endswith(f".{dag_id}")]
    meant = " or ".join(f"`{each}`" for each in ends[:_MEANT])
    near = f"Did you mean {meant}? " if ends else suggestion(dag_id, known)
    return DeploymentError(
        f"there is no DAG `{dag_id}`; there are: {listed(known)}",
        str(found.folder),
        f"{near}Name one of these; `{typed('plan')}` lists all.",
    )
