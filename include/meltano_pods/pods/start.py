"""Waits until a pod's container runs, and says soon why it never will."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.reasons import terminated, why_not_started, why_waiting
from meltano_pods.settings.override import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meltano_pods.pods.reasons import Finding
    from meltano_pods.tasks.relay import Log

CHECK_SECONDS = 1.0
_PATIENCE = 10.0
"""How long something that will hardly mend itself may last: a Secret may be on its way."""
_EVENTS_AFTER = 5.0
_OVERDUE = timedelta(seconds=60)
_FINAL_PHASES = ("Succeeded", "Failed")


class NotStartedError(Exception):
    """The pod did not start.

    Args:
        finding: Why.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def wait_for_start(
    read: Callable[[], Mapping[str, Any]],
    read_events: Callable[[], Sequence[Mapping[str, Any]]],
    *,
    timeout: float,
    log: Log,
) -> None:
    """Return once the run's container runs or has ended, or the pod has.

    Args:
        read: Reads the pod.
        read_events: Reads its events; asked for rarely.
        timeout: Seconds until it must have started.
        log: For what it waits for.

    Raises:
        NotStartedError: It will not start, or did not in time.
    """
    began = time.monotonic()
    wrong_since: float | None = None
    said: set[str] = set()
    while not has_started(pod := read()):
        now = time.monotonic()
        late = now - began >= _EVENTS_AFTER
        events = read_events() if late else ()
        finding = why_waiting(pod, events)
        if finding is not None and str(finding) not in said:
            said.add(str(finding))
            log.info("the pod waits: %s", finding)
        if finding is None or not finding.final:
            wrong_since = None
        elif wrong_since is None:
            wrong_since = now
        elif now - wrong_since >= _PATIENCE and finding is not None:
            raise NotStartedError(finding)
        if now - began >= timeout:
            raise NotStartedError(why_not_started(pod, events or read_events()))
        time.sleep(CHECK_SECONDS if not late else CHECK_SECONDS * 2)


def has_started(pod: Mapping[str, Any]) -> bool:
    """Whether the run's container runs or has ended, or the pod is over without it."""
    status = pod.get("status") or {}
    if status.get("phase") in _FINAL_PHASES or terminated(pod) is not None:
        return True
    return any(
        each.get("name") == RUN_CONTAINER and (each.get("state") or {}).get("running") is not None
        for each in status.get("containerStatuses") or []
    )


def has_ended(pod: Mapping[str, Any]) -> bool:
    """Whether the run's container has ended, or the pod is over without it."""
    return (pod.get("status") or {}).get("phase") in _FINAL_PHASES or terminated(pod) is not None


def is_overdue(pod: Mapping[str, Any]) -> bool:
    """Whether the pod should long be gone: the node that has to end it does not answer."""
    stamp = (pod.get("metadata") or {}).get("deletionTimestamp")
    if not stamp:
        return False
    # The stamp is when its grace ends, not when it was deleted.
    return datetime.now(UTC) > datetime.fromisoformat(str(stamp)) + _OVERDUE
