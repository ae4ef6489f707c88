"""Follows a run from its start to its end: its log, each line once, and its pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.status import has_run, is_overdue
from meltano_pods.pods.lifecycle.actions import LogEnd, Pause, ReadClock, RelayLog, request

if TYPE_CHECKING:
    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.observation import Observation
    from meltano_pods.tasks.relay import Log

_FIRST_PAUSE = 0.5
"""Seconds until the log is requested again: it ends before the pod's status does."""
_MAX_PAUSE = 5.0
_LAST_STATE_SECONDS = 2.0


def follow_log(observation: Observation, log: Log) -> Steps[None]:
    """Relay the log as it is written, until the container has ended or is overdue.

    Raises:
        PodMissingError: The pod is gone.
        ApiError: The log may not be read, or the API did not answer for too long.
    """
    pause, reported = _FIRST_PAUSE, False
    while True:
        position = observation.position
        taken, gaps = position.taken, position.gaps
        try:
            end: LogEnd = yield RelayLog(observation, follow=True)
        except ApiError as error:
            if not (error.is_outage or (reported and error.is_forbidden)):
                raise
            end = LogEnd(cut_off=True)
            if not reported:
                log.info(
                    "The connection to the log of pod %s broke (%s); resuming where it ended",
                    observation.name,
                    error,
                )
            reported = True
        if position.taken > taken:
            pause, reported = _FIRST_PAUSE, False
        if position.gaps > gaps:
            log.warning("Lines of the log are missing: its node rotated it during an interruption")
        yield from observation.refresh(log)
        if observation.has_ended:
            # A stream may also end properly while the container is running, for example if an API
            # server shuts down. The result is the last line, so with it the log is complete.
            if end.cut_off or observation.result is None:
                yield from relay_rest(observation, log)
            return
        if is_overdue(observation.pod or {}, (yield ReadClock())):
            return
        yield Pause(pause)
        pause = min(pause * 2, _MAX_PAUSE) if end.cut_off else _FIRST_PAUSE


def relay_rest(observation: Observation, log: Log) -> Steps[None]:
    """Relay what the log of an ended run holds, as far as it was not relayed before.

    A container that never ran has no log, and a lost node returns none: how the pod ended matters
    more.
    """
    if observation.pod is not None and not has_run(observation.pod):
        return
    try:
        yield from request(RelayLog(observation, follow=False))
    except ApiError as error:
        log.warning(
            "Could not read the log of pod %s: %s", observation.name, diagnose_api_error(error)
        )


def await_end(
    observation: Observation, log: Log, pause: float, deadline: float | None = None
) -> Steps[bool]:
    """Return once the container has ended or is overdue; False if a deadline came first.

    Args:
        observation: What is known of the pod.
        log: The task's log.
        pause: Seconds between two requests.
        deadline: The time until which to wait; None for as long as it takes.

    Raises:
        PodMissingError: The pod is gone.
        ApiError: The API did not answer for too long.
    """
    while not observation.has_ended:
        now = yield ReadClock()
        if is_overdue(observation.pod or {}, now):
            return True
        if deadline is not None and now >= deadline:
            return False
        yield from observation.refresh(log)
        if not observation.has_ended:
            yield Pause(pause)
    return True


def await_last_state(observation: Observation) -> Steps[None]:
    """Give the watch time to receive the last state of a pod that is gone."""
    until = (yield ReadClock()) + _LAST_STATE_SECONDS
    while not observation.has_ended and (yield ReadClock()) < until:
        yield Pause(_LAST_STATE_SECONDS / 20)
