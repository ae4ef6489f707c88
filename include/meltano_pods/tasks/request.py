"""The arguments of a task and its plan, which is created here or comes from the project's DAGs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf

from meltano_pods.plan.model import TaskPlan
from meltano_pods.plan.own_task import Command, plan_command
from meltano_pods.project import read_project
from meltano_pods.tasks.deployment import Deployment, read_deployment
from meltano_pods.tasks.folders import airflow_root
from meltano_pods.tasks.layout import project_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import DAG

RunSaid = str | list[str] | tuple[str, ...] | TaskPlan


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task's project is, and where its runs take place.

    Attributes:
        folder: The Meltano project's folder.
        deployment: The Airflow deployment.
        digest: Of the project, for pods: their image holds a project of its own.
    """

    folder: Path
    deployment: Deployment
    digest: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a task runs, and where.

    Attributes:
        place: Where.
        plan: What.
        later: Environment variables whose values other tasks will yield.
    """

    place: Place
    plan: TaskPlan
    later: Mapping[str, Any] = field(default_factory=dict)


def task_of(
    project: str | Path | Place,
    run: RunSaid,
    *,
    task_id: str,
    dag: DAG | None,
    **said: Any,  # noqa: ANN401 - the fields of Command
) -> Task:
    """Return the task that an operator runs.

    Args:
        project: Name of the project, found as layout.py says; its folder; or a place that is known.
        run: What follows `meltano run`; or a plan of it, for a place that is known.
        task_id: The task's id.
        dag: The DAG it is in, which says where projects are; None: Airflow's DAG folder does.
        **said: What else it says about the command, by the names of `Command`'s fields.

    Raises:
        DeploymentError: There is no such project, or the deployment's settings are wrong.
        ProjectError: The command cannot be run.
    """
    if isinstance(project, Place) and isinstance(run, TaskPlan):
        return Task(project, run)
    if isinstance(project, Place) or isinstance(run, TaskPlan):
        raise TypeError("a plan goes with a place: pass both, or the names of both")
    file = dag.fileloc if dag is not None else str(Path(conf.get("core", "dags_folder")) / "dag.py")
    folder = project if isinstance(project, Path) else project_folder(file, project)
    read = read_project(folder)
    place = Place(folder, read_deployment(airflow_root(file)), read.digest)
    said["env"], later = _by_time(said.get("env") or {})
    command = Command(run, **{key: value for key, value in said.items() if value is not None})
    fallback = os.environ.get("MELTANO_ENVIRONMENT") or None
    return Task(place, plan_command(read, command, task_id, file, fallback), later)


def _by_time(env: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return variables whose values are known now, and those that other tasks will yield."""
    known: dict[str, str] = {}
    later: dict[str, Any] = {}
    for name, value in env.items():
        (later if hasattr(value, "resolve") else known)[name] = value
    return known, later
