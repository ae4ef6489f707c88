"""Builds the arguments that every Airflow operator takes from a task's plan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meltano_pods.failures.retry_policy import CategoryRetryPolicy
from meltano_pods.results import LABEL_TEMPLATE, build_reporting, declare_assets
from meltano_pods.settings.podspec.reserved import WORKER_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.plan import TaskPlan

_TIMEOUT_MARGIN = timedelta(seconds=60)
"""Airflow's timeout comes after the runner's own, in case that does not work."""


def build_airflow_arguments(planned: TaskPlan, project: str, *, starts_pod: bool) -> dict[str, Any]:
    """Return the arguments of Airflow's operator for a task's plan.

    Args:
        planned: The task's plan.
        project: Name of the project.
        starts_pod: Whether its run first waits for a pod to start.
    """
    settings = planned.settings
    arguments: dict[str, Any] = {
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": settings.max_retry_delay,
        "retry_policy": CategoryRetryPolicy(),
        "priority_weight": settings.priority_weight,
        "map_index_template": LABEL_TEMPLATE,
        **declare_assets(build_reporting(planned, project)),
    }
    if settings.owner is not None:
        arguments["owner"] = settings.owner
    if planned.pool is not None:
        arguments["pool"] = planned.pool
    if settings.backfill_state == "shared":
        # A DAG's `max_active_runs` does not count runs of a backfill. This counts deferred tasks.
        arguments["max_active_tis_per_dag"] = 1
    if settings.weight_rule is not None:
        arguments["weight_rule"] = settings.weight_rule
    if settings.worker_override:
        arguments["executor_config"] = _executor_config(settings.worker_override)
    if settings.run_timeout is not None:
        limit = settings.run_timeout + settings.termination_grace_period + _TIMEOUT_MARGIN
        # A pod may wait so long twice: until it can be created, and until it runs.
        wait = settings.start_timeout * 2 if starts_pod else timedelta()
        arguments["execution_timeout"] = limit + wait
    return arguments


def merge_arguments(defaults: Mapping[str, Any], explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an Airflow operator: assets of both, else explicit ones win.

    Args:
        defaults: As `build_airflow_arguments` returns them.
        explicit: Those in the DAG file.
    """
    overridden = explicit.get("default_args") or {}
    kept = {key: defaults[key] for key in defaults.keys() - overridden}
    return {**kept, **explicit, **merge_assets(defaults, explicit)}


def merge_assets(defaults: Mapping[str, Any], explicit: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the inlets and outlets where both have some, each once."""
    return {
        key: [*assets, *(each for each in defaults[key] if each not in assets)]
        for key in ("inlets", "outlets")
        if key in defaults and (assets := _as_list(explicit.get(key) or []))
    }


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _executor_config(override: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Airflow's KubernetesExecutor merges into the pod of a worker."""
    # Imported here, because importing Kubernetes' client takes a second at every parse.
    from airflow.providers.cncf.kubernetes import pod_generator  # noqa: PLC0415

    spec = override.get("spec") or {}
    containers = spec.get("containers") or []
    base = {"name": WORKER_CONTAINER}
    # Airflow merges containers by position, and the worker's is the first.
    first = [next((each for each in containers if each["name"] == WORKER_CONTAINER), base)]
    others = [each for each in containers if each["name"] != WORKER_CONTAINER]
    pod = {**override, "spec": {**spec, "containers": first + others}}
    return {"pod_override": pod_generator.PodGenerator.deserialize_model_dict(pod)}
