"""Waits until a pod's container runs, and fails early if it never will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.reasons import diagnose_start_timeout, diagnose_waiting
from meltano_pods.pods.diagnose.status import has_started
from meltano_pods.pods.lifecycle.actions import ListEvents, Pause, ReadClock, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.observation import Observation
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 1.0
_CALM_CHECK_SECONDS = 2.0
_PATIENCE = 10.0
"""How long a problem that waiting hardly fixes may last: a Secret may be created late."""
_EVENTS_AFTER = 5.0


class NotStartedError(Exception):
    """The pod did not start.

    Args:
        diagnosis: Why.
    """

    def __init__(self, diagnosis: PodDiagnosis) -> None:
        super().__init__(str(diagnosis))
        self.diagnosis = diagnosis


@dataclass(slots=True)
class StartDeadline:
    """Decides when to give up on a pod that does not start.

    Attributes:
        began: When the wait began.
        timeout: Seconds that it may last.
        stuck_since: When a problem that waiting hardly fixes was first seen; None without one.
    """

    began: float
    timeout: float
    stuck_since: float | None = None

    def needs_events(self, now: float) -> bool:
        """Whether to request events: most pods start sooner."""
        return now - self.began >= _EVENTS_AFTER

    def get_pause(self, now: float) -> float:
        """Return the seconds until the next request."""
        return _CALM_CHECK_SECONDS if self.needs_events(now) else _CHECK_SECONDS

    def decide(
        self, pod: Mapping[str, Any], events: Sequence[Mapping[str, Any]], now: float
    ) -> PodDiagnosis | None:
        """Return why to give up on a pod that has not started; None to wait on."""
        waiting = diagnose_waiting(pod, events)
        if waiting is None or not waiting.final:
            self.stuck_since = None
        elif self.stuck_since is None:
            self.stuck_since = now
        elif now - self.stuck_since >= _PATIENCE:
            return waiting
        if now - self.began >= self.timeout:
            return diagnose_start_timeout(pod, events)
        return None


def await_start(
    observation: Observation, *, timeout: float, log: Log, began: float | None = None
) -> Steps[None]:
    """Return once the run's container runs or has ended, or the pod has.

    Args:
        observation: What is known of the pod.
        timeout: Seconds until it must have started.
        log: Receives what it waits for.
        began: When the wait began; None for now.

    Raises:
        NotStartedError: It will not start, or did not in time.
        PodMissingError: It is gone.
        ApiError: The API did not answer for too long.
    """
    name = observation.name
    deadline = StartDeadline((yield ReadClock()) if began is None else began, timeout)
    logged: set[str] = set()
    while not has_started(pod := (yield from observation.refresh(log))):
        now = yield ReadClock()
        events: list[dict[str, Any]] = []
        if deadline.needs_events(now) or now - deadline.began >= timeout:
            events = yield from request(ListEvents(name), log)
        waiting = diagnose_waiting(pod, events)
        if waiting is not None and str(waiting) not in logged:
            logged.add(str(waiting))
            log.info("The pod is waiting: %s", waiting)
        if (given_up := deadline.decide(pod, events, now)) is not None:
            raise NotStartedError(given_up)
        yield Pause(deadline.get_pause(now))
