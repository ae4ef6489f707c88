"""What a task of Airflow requests: which try it is, and the pod of it."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.settings import pod_mutation_hook

from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.naming import TaskInstanceTry
from meltano_pods.pods.spec.preview import build_preview_try
from meltano_pods.pods.spec.request import PodRequest
from meltano_pods.tasks.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from kubernetes.client import V1Pod

    from meltano_pods.pods.airflow.operator import MeltanoPodOperator


def build_try(task: MeltanoPodOperator, ti: RuntimeTaskInstanceProtocol) -> TaskInstanceTry:
    """Return which try of a task is running."""
    return TaskInstanceTry(
        project=task.project,
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        run_id=ti.run_id,
        map_index=-1 if ti.map_index is None else ti.map_index,
        try_number=ti.try_number,
        ti_id=str(ti.id),
        deployment=task.deployment_id,
        # Clearing grants a task its retries again, on top of the tries it had.
        cleared_tries=max(0, ti.max_tries - (task.retries or 0)),
    )


def build_pod_model(task: MeltanoPodOperator, context: Context, run: TaskInstanceTry) -> V1Pod:
    """Return the pod of a try, as the deployment's `pod_mutation_hook` leaves it.

    Raises:
        DeploymentError: The pod template cannot be used.
        ParameterRefusedError: The run has a parameter that is not allowed.
        AirflowSkipException: The run leaves this task out.
    """
    invocation = prepare(task, context)
    env = {**task.env, **invocation.env}
    command = RunSpec(invocation.arguments, invocation.environment, env, nonce=token_hex(4))
    pod = to_model(PodRequest.read(task.options, command, run).build())
    if not pod.metadata.namespace:
        pod.metadata.namespace = task.hook.pods_namespace()
    pod_mutation_hook(pod)  # type: ignore[no-untyped-call]
    return pod


def preview_pod(task: MeltanoPodOperator) -> dict[str, Any]:
    """Return the pod that a task would start, though no run of it exists."""
    run = build_preview_try(task.project, task.dag_id, task.task_id, task.options.deployment)
    command = RunSpec(task.arguments, task.environment, task.env)
    return PodRequest.read(task.options, command, run).build()


def to_model(pod: Mapping[str, Any]) -> V1Pod:
    """Return a pod as Kubernetes' client has it."""
    return PodGenerator.deserialize_model_dict(dict(pod))
