"""Makes an Airflow task from its plan, for the launcher its settings choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meltano_pods.process import MeltanoProcessOperator
from meltano_pods.settings.override import WORKER_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow.sdk import BaseOperator

    from meltano_pods.plan import TaskPlan
    from meltano_pods.pods.deployment import Deployment

_TIMEOUT_MARGIN = timedelta(seconds=60)
"""The runner ends a run that takes too long by itself; Airflow's timeout is for when it cannot."""
KUBERNETES = "kubernetes"


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


def make_task(planned: TaskPlan, place: Place, callbacks: Mapping[str, Any]) -> BaseOperator:
    """Return the task.

    Args:
        planned: Its plan.
        place: Where its project is.
        callbacks: What Airflow calls when it has ended, by the names of Airflow's arguments.

    Raises:
        DeploymentError: The deployment lacks what pods need.
    """
    settings = planned.settings
    common: dict[str, Any] = {
        "task_id": planned.task_id,
        "arguments": planned.arguments,
        "environment": planned.environment,
        "env": planned.env,
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": 2.0,
        **callbacks,
    }
    if settings.owner is not None:
        common["owner"] = settings.owner
    if settings.pool is not None:
        common["pool"] = settings.pool
    if settings.worker_override:
        common["executor_config"] = _executor_config(settings.worker_override)
    limit = settings.run_timeout
    if limit is not None:
        limit += settings.stop_grace + _TIMEOUT_MARGIN
    if (settings.launcher or place.deployment.settings.launcher) == KUBERNETES:
        return _pod_task(planned, place, common, limit)
    return MeltanoProcessOperator(
        project_folder=str(place.folder),
        stop_grace=settings.stop_grace.total_seconds(),
        execution_timeout=limit,
        **common,
    )


def _pod_task(
    planned: TaskPlan, place: Place, common: dict[str, Any], limit: timedelta | None
) -> BaseOperator:
    # Here and not above: Kubernetes' client takes a second to import, at every parse.
    from meltano_pods.pods.operator import MeltanoPodOperator  # noqa: PLC0415
    from meltano_pods.pods.options import pod_options  # noqa: PLC0415

    settings, project = planned.settings, place.folder.name
    return MeltanoPodOperator(
        project=project,
        options=pod_options(settings, place.deployment, project, place.digest),
        execution_timeout=None if limit is None else limit + settings.start_timeout,
        **common,
    )


def _executor_config(override: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Airflow's KubernetesExecutor lays over the pod of a worker."""
    # Here and not above, as the operator.
    from airflow.providers.cncf.kubernetes import pod_generator  # noqa: PLC0415

    spec = override.get("spec") or {}
    containers = spec.get("containers") or []
    base = {"name": WORKER_CONTAINER}
    # Airflow merges them by their places, and the worker's own is the first.
    first = [next((each for each in containers if each["name"] == WORKER_CONTAINER), base)]
    others = [each for each in containers if each["name"] != WORKER_CONTAINER]
    pod = {**override, "spec": {**spec, "containers": first + others}}
    return {"pod_override": pod_generator.PodGenerator.deserialize_model_dict(pod)}
