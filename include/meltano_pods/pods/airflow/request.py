"""Builds the pod of a try for the operator, as Airflow's `pod_mutation_hook` leaves it."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.settings import pod_mutation_hook
from kubernetes.client import ApiClient

from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.naming import TaskInstanceTry
from meltano_pods.pods.spec.preview import build_preview_try
from meltano_pods.pods.spec.request import PodRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from kubernetes.client import V1Pod

    from meltano_pods.parameters.command import Invocation
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


def build_manifest(
    task: MeltanoPodOperator, invocation: Invocation, run: TaskInstanceTry
) -> dict[str, Any]:
    """Return the pod of a try, as it is sent to the cluster.

    Args:
        task: The task.
        invocation: The command for the runner.
        run: Which try of which task instance the pod is for.

    Raises:
        DeploymentError: The pod template cannot be used.
    """
    env = {**task.env, **invocation.env}
    spec = RunSpec(invocation.arguments, invocation.environment, env, nonce=token_hex(4))
    manifest = PodRequest.read(task.options, spec, run).build()
    if not manifest["metadata"].get("namespace"):
        manifest["metadata"]["namespace"] = task.hook.get_pods_namespace()
    # Hooks of users take the client's model.
    pod = to_model(manifest)
    pod_mutation_hook(pod)  # type: ignore[no-untyped-call]
    mutated: dict[str, Any] = ApiClient().sanitize_for_serialization(pod)
    return mutated


def build_preview_manifest(task: MeltanoPodOperator) -> dict[str, Any]:
    """Return the pod that a task would start in a run without parameters; no such run exists.

    Raises:
        DeploymentError: The pod template cannot be used.
        ParameterError: Options that this task cannot run with.
    """
    run = build_preview_try(task.project, task.dag_id, task.task_id, task.options.deployment)
    return build_manifest(task, task.build_default_invocation(), run)


def to_model(pod: Mapping[str, Any]) -> V1Pod:
    """Return a pod as Kubernetes' client models it."""
    return PodGenerator.deserialize_model_dict(dict(pod))
