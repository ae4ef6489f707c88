"""The pods that would run planned tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.naming import TaskInstanceTry
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.pods.spec.request import PodRequest
from meltano_pods.settings.types.execution import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.plan import DagPlan, ProjectPlan, TaskPlan
    from meltano_pods.tasks.deployment import Deployment

_PREVIEW_RUN = "planned"


@dataclass(frozen=True, slots=True)
class PodPreview:
    """The pod of one task.

    Attributes:
        project: Name of the project.
        dag: The task's DAG.
        task: The task.
        manifest: The pod.
    """

    project: str
    dag: DagPlan
    task: TaskPlan
    manifest: dict[str, Any]


def preview_pods(project: ProjectPlan, deployment: Deployment) -> Iterator[PodPreview]:
    """Yield the pods of a project's tasks.

    Args:
        project: The project's plan.
        deployment: Where they would run.

    Raises:
        DeploymentError: A pod template is missing or cannot be used.
    """
    for dag in project.dags:
        for task in dag.tasks:
            if deployment.get_execution_mode(task) == KUBERNETES:
                manifest = preview_pod(project, dag, task, deployment)
                yield PodPreview(project.project, dag, task, manifest)


def preview_pod(
    project: ProjectPlan, dag: DagPlan, task: TaskPlan, deployment: Deployment
) -> dict[str, Any]:
    """Return the pod of a task.

    Raises:
        DeploymentError: A pod template is missing or cannot be used.
    """
    options = build_pod_options(task, deployment, project.project, project.digest)
    run = build_preview_try(project.project, dag.dag_id, task.task_id, options.deployment)
    invocation = task.build_invocation()
    env = {**task.env, **invocation.env}
    spec = RunSpec(invocation.arguments, invocation.environment, env)
    return PodRequest.read(options, spec, run).build()


def build_preview_try(project: str, dag_id: str, task_id: str, deployment: str) -> TaskInstanceTry:
    """Return the try that names a pod without a run of its task.

    Args:
        project: Name of the Meltano project.
        dag_id: Id of the DAG.
        task_id: Id of the task.
        deployment: Name of the Airflow deployment; may be empty.
    """
    return TaskInstanceTry(
        project=project,
        dag_id=dag_id,
        task_id=task_id,
        run_id=_PREVIEW_RUN,
        map_index=-1,
        try_number=1,
        ti_id=_PREVIEW_RUN,
        deployment=deployment,
    )
