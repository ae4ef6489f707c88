"""Waits until a pod's container runs, and says soon why it never will."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.reasons import diagnose_start_timeout, diagnose_waiting
from meltano_pods.pods.diagnose.status import has_started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meltano_pods.pods.diagnose.reasons import PodDiagnosis
    from meltano_pods.tasks.relay import Log

CHECK_SECONDS = 1.0
_PATIENCE = 10.0
"""How long something that will hardly mend itself may last: a Secret may be on its way."""
_EVENTS_AFTER = 5.0


class NotStartedError(Exception):
    """The pod did not start.

    Args:
        diagnosis: Why.
    """

    def __init__(self, diagnosis: PodDiagnosis) -> None:
        super().__init__(str(diagnosis))
        self.diagnosis = diagnosis


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
        diagnosis = diagnose_waiting(pod, events)
        if diagnosis is not None and str(diagnosis) not in said:
            said.add(str(diagnosis))
            log.info("the pod waits: %s", diagnosis)
        if diagnosis is None or not diagnosis.final:
            wrong_since = None
        elif wrong_since is None:
            wrong_since = now
        elif now - wrong_since >= _PATIENCE and diagnosis is not None:
            raise NotStartedError(diagnosis)
        if now - began >= timeout:
            raise NotStartedError(diagnose_start_timeout(pod, events or read_events()))
        time.sleep(CHECK_SECONDS if not late else CHECK_SECONDS * 2)
