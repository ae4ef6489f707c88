"""Plans a task from the arguments of its operator; a project's own DAGs pass the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf

from meltano_pods.plan.custom_task import RunCommand, plan_custom_task
from meltano_pods.project import read_project
from meltano_pods.tasks.deployment import Deployment, read_deployment
from meltano_pods.tasks.folders import find_airflow_root
from meltano_pods.tasks.projects import find_project_folder, get_default_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import DAG

    from meltano_pods.plan import TaskPlan

COMMAND_ARGUMENTS = ("environment", "env", "full_refresh", "settings")
"""The arguments of an operator that its plan is made of, besides `project` and `run`."""


@dataclass(frozen=True, slots=True)
class DeployedProject:
    """A project, and where its runs take place.

    Attributes:
        folder: The Meltano project's folder.
        deployment: The Airflow deployment.
        digest: Of the project, which a pod compares with that of its image.
    """

    folder: Path
    deployment: Deployment
    digest: str

    @property
    def name(self) -> str:
        """The project's name."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """What a task runs, and where.

    Attributes:
        project: Where.
        plan: What.
        xcom_env: Environment variables whose values other tasks will return.
    """

    project: DeployedProject
    plan: TaskPlan
    xcom_env: Mapping[str, Any] = field(default_factory=dict)


RunArgument = str | list[str] | tuple[str, ...] | PlannedTask
"""An operator's argument `run`: what follows `meltano run`, or the planned task."""


def plan_task(
    project: str | Path,
    run: RunArgument,
    *,
    task_id: str,
    dag: DAG | None,
    **arguments: Any,  # noqa: ANN401 - those of COMMAND_ARGUMENTS
) -> PlannedTask:
    """Return the task that an operator runs.

    Args:
        project: Name of the project, or its folder.
        run: The operator's argument. A task that is planned already is returned as it is.
        task_id: The task's id.
        dag: The DAG it is in, whose file leads to the projects; None: Airflow's DAG folder does.
        **arguments: The operator's arguments of `COMMAND_ARGUMENTS`.

    Raises:
        DeploymentError: There is no such project, or the deployment's settings are wrong.
        ProjectError: The command cannot be run.
    """
    if isinstance(run, PlannedTask):
        return run
    file = dag.fileloc if dag is not None else str(Path(conf.get("core", "dags_folder")) / "dag.py")
    folder = project if isinstance(project, Path) else find_project_folder(file, project)
    read = read_project(folder)
    deployed = DeployedProject(folder, read_deployment(find_airflow_root(file)), read.digest)
    arguments["env"], xcom_env = _split_env(arguments.get("env") or {})
    given = {key: value for key, value in arguments.items() if value is not None}
    plan = plan_custom_task(
        read, RunCommand(run, **given), task_id, file, get_default_environment()
    )
    return PlannedTask(deployed, plan, xcom_env)


def _split_env(env: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the variables whose values are known now, and those that other tasks will return."""
    known: dict[str, str] = {}
    returned: dict[str, Any] = {}
    for name, value in env.items():
        (returned if hasattr(value, "resolve") else known)[name] = value
    return known, returned
