"""A task's settings as the arguments that every operator of Airflow takes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meltano_pods.settings.override import WORKER_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.plan import TaskPlan

_TIMEOUT_MARGIN = timedelta(seconds=60)
"""The runner ends a run that takes too long by itself; Airflow's timeout is for when it cannot."""


def airflow_arguments(planned: TaskPlan, *, starts_pod: bool) -> dict[str, Any]:
    """Return the arguments.

    Args:
        planned: The task's plan.
        starts_pod: Whether its run first waits for a pod to start.
    """
    settings = planned.settings
    found: dict[str, Any] = {
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": settings.max_retry_delay,
        "priority_weight": settings.priority_weight,
    }
    if settings.owner is not None:
        found["owner"] = settings.owner
    if planned.pool is not None:
        found["pool"] = planned.pool
    if settings.weight_rule is not None:
        found["weight_rule"] = settings.weight_rule
    if settings.worker_override:
        found["executor_config"] = _executor_config(settings.worker_override)
    if settings.run_timeout is not None:
        limit = settings.run_timeout + settings.stop_grace + _TIMEOUT_MARGIN
        found["execution_timeout"] = limit + settings.start_timeout if starts_pod else limit
    return found


def _executor_config(override: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Airflow's KubernetesExecutor lays over the pod of a worker."""
    # Here and not above: Kubernetes' client takes a second to import, at every parse.
    from airflow.providers.cncf.kubernetes import pod_generator  # noqa: PLC0415

    spec = override.get("spec") or {}
    containers = spec.get("containers") or []
    base = {"name": WORKER_CONTAINER}
    # Airflow merges them by their places, and the worker's own is the first.
    first = [next((each for each in containers if each["name"] == WORKER_CONTAINER), base)]
    others = [each for each in containers if each["name"] != WORKER_CONTAINER]
    pod = {**override, "spec": {**spec, "containers": first + others}}
    return {"pod_override": pod_generator.PodGenerator.deserialize_model_dict(pod)}
