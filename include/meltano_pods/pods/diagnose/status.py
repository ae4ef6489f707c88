"""Reads the status of a pod: what `kubectl get -o json` shows, in plain data.

https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Manifest = Mapping[str, Any]

_OVERDUE_SECONDS = 60.0
_FINAL_PHASES = ("Succeeded", "Failed")


def has_started(pod: Mapping[str, Any]) -> bool:
    """Whether the run's container runs or has ended, or the pod is over without it."""
    status = pod.get("status") or {}
    if status.get("phase") in _FINAL_PHASES or get_terminated_state(pod) is not None:
        return True
    return any(
        each.get("name") == RUN_CONTAINER and (each.get("state") or {}).get("running") is not None
        for each in status.get("containerStatuses") or []
    )


def has_run(pod: Mapping[str, Any]) -> bool:
    """Whether the run's container runs or has ended."""
    return any(
        each.get("name") == RUN_CONTAINER
        and not (each.get("state") or {}).keys().isdisjoint(("running", "terminated"))
        for each in (pod.get("status") or {}).get("containerStatuses") or []
    )


def has_ended(pod: Mapping[str, Any]) -> bool:
    """Whether the run's container has ended, or the pod is over without it."""
    return (pod.get("status") or {}).get("phase") in _FINAL_PHASES or get_terminated_state(
        pod
    ) is not None


def is_overdue(pod: Mapping[str, Any], now: float) -> bool:
    """Whether the pod should long be gone: the node that has to end it does not answer.

    Args:
        pod: The pod.
        now: The time, in seconds since 1970.
    """
    stamp = (pod.get("metadata") or {}).get("deletionTimestamp")
    if not stamp:
        return False
    # The stamp is when its grace period ends, not when it was deleted.
    return now > datetime.fromisoformat(str(stamp)).timestamp() + _OVERDUE_SECONDS


def get_terminated_state(pod: Manifest, container: str = RUN_CONTAINER) -> dict[str, Any] | None:
    """Return how a container ended (`exitCode`, `reason`, `message`); None if it has not."""
    for status in list_container_statuses(pod):
        if status.get("name") == container:
            state: dict[str, Any] | None = (status.get("state") or {}).get("terminated")
            return state
    return None


def list_container_statuses(pod: Manifest) -> Iterator[dict[str, Any]]:
    """Yield the statuses of all containers, init containers first."""
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def list_waiting_states(pod: Manifest) -> Iterator[dict[str, Any]]:
    """Yield why containers wait, of those that do."""
    for status in list_container_statuses(pod):
        if waiting := (status.get("state") or {}).get("waiting"):
            yield waiting


def list_conditions(pod: Manifest, kind: str, value: str) -> Iterator[dict[str, Any]]:
    """Yield the conditions of a type that have a status."""
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == kind and condition.get("status") == value:
            yield condition


def sort_newest_first(events: Sequence[Manifest]) -> list[dict[str, Any]]:
    """Return events, the newest first."""

    def when(event: Mapping[str, Any]) -> str:
        stamp = event.get("lastTimestamp") or event.get("eventTime")
        return str(stamp or (event.get("metadata") or {}).get("creationTimestamp") or "")

    return sorted((dict(event) for event in events), key=when, reverse=True)
