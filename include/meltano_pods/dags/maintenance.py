"""The DAG that removes pods that are no longer needed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from airflow.sdk import DAG

from meltano_pods.errors import DeploymentError, ProjectError
from meltano_pods.missing import missing_package
from meltano_pods.project.files import INCLUDE_PATHS, MELTANO_FILE, read_text
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.deployment import read_deployment
from meltano_pods.tasks.folders import find_airflow_root
from meltano_pods.tasks.projects import list_project_folders, plan_project

if TYPE_CHECKING:
    from pathlib import Path

DAG_ID = "meltano_pods.reaper"
_PROVIDER = "airflow.providers.cncf.kubernetes"


def maintenance_dag(dag_file: str) -> DAG | None:
    """Create the DAG if the deployment or a task of a project uses pods; otherwise return None.

    Args:
        dag_file: `__file__` of the DAG file, which imports the Kubernetes provider by itself.

    Raises:
        DeploymentError: The deployment's configuration is wrong, or the provider is missing.
    """
    _check_provider(dag_file)
    deployment = read_deployment(find_airflow_root(dag_file))
    if deployment.settings.execution_mode != KUBERNETES and not any(
        _has_pods(folder) for folder in list_project_folders(dag_file)
    ):
        return None
    from meltano_pods.pods.airflow.reaper import ReapPodsOperator  # noqa: PLC0415 - heavy

    dag = DAG(
        DAG_ID,
        schedule=timedelta(minutes=15),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        description="Removes pods that failed more than an hour ago or whose task is over",
        tags=["meltano-pods"],
    )
    dag.fileloc = dag_file
    with dag:
        ReapPodsOperator(task_id="reap", deployment=deployment, dag_file=dag_file)
    return dag


def _check_provider(dag_file: str) -> None:
    """Check that the Kubernetes provider is installed, without importing it."""
    try:
        if find_spec(_PROVIDER) is not None:
            return
        absent = ModuleNotFoundError(name=_PROVIDER)
    except ModuleNotFoundError as error:
        absent = error
    if (missing := missing_package(absent, "the reaper of pods")) is None:
        raise absent
    raise DeploymentError(
        missing.what,
        missing.where,
        f"{missing.fix} Where no task runs as a pod, remove {dag_file} instead.",
    )


def _has_pods(folder: Path) -> bool:
    """Whether a task of a project is a pod."""
    # A project that cannot be read or planned starts no pods.
    with suppress(ProjectError):
        text = read_text(folder, folder / MELTANO_FILE)
        # Planning takes a while at each parse of the DAG file, and few projects use pods.
        if KUBERNETES in text or INCLUDE_PATHS in text:
            return any(
                task.settings.execution_mode == KUBERNETES for task in plan_project(folder).tasks
            )
    return False
