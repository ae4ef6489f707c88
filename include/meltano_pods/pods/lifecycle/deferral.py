"""Waits for a run without a worker, and decides what a worker then does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from meltano_runner.contract.categories import Category

from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.pods.diagnose.reasons import diagnose_start_timeout, diagnose_waiting
from meltano_pods.pods.diagnose.status import has_started
from meltano_pods.pods.lifecycle.actions import ReadClock
from meltano_pods.pods.lifecycle.follow import await_end
from meltano_pods.pods.lifecycle.observation import Observation, PodMissingError
from meltano_pods.pods.lifecycle.start import NotStartedError, await_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.tasks.relay import Log

_MAX_RESUMPTIONS = 3
_TIMEOUT = "execution_timeout"


@dataclass(frozen=True, slots=True)
class WaitRequest:
    """A pod to wait for. Plain data, so that any triggerer can.

    Attributes:
        name: The pod's name.
        namespace: Its namespace.
        ti_id: The try it belongs to (naming.TaskInstanceTry).
        start_timeout: Seconds until its container must run.
        grace_period: Seconds from a stop to the kill.
        poll_interval: Seconds between two requests.
        began: When the wait for its start began, in seconds since 1970, as the next.
        deadline: When the task has to be over; None for no such time.
        resumptions: How often it was waited on before.
    """

    name: str
    namespace: str
    ti_id: str
    start_timeout: float
    grace_period: int
    poll_interval: float
    began: float
    deadline: float | None = None
    resumptions: int = 0


@dataclass(frozen=True, slots=True)
class WaitResult:
    """How a wait went.

    Attributes:
        status: Why it is over.
        message: Details; may be empty.
    """

    status: Literal["ended", "not_started", "timeout", "error"]
    message: str = ""


def wait_for_end(wait: WaitRequest, log: Log) -> Steps[WaitResult]:
    """Wait until a worker is needed: the run has ended, or will never start."""
    observation, deadline = Observation(wait.name), wait.deadline
    timeout = wait.start_timeout
    if deadline is not None:
        timeout = min(timeout, max(0.0, deadline - wait.began))
    try:
        yield from await_start(observation, timeout=timeout, log=log, began=wait.began)
        in_time = yield from await_end(observation, log, wait.poll_interval, deadline)
    except NotStartedError as error:
        if deadline is not None and (yield ReadClock()) >= deadline:
            return WaitResult("timeout", _TIMEOUT)
        return WaitResult("not_started", str(error.diagnosis))
    except PodMissingError:
        return WaitResult("ended", "the pod was deleted")
    except ApiError as error:
        return WaitResult("error", str(diagnose_api_error(error)))
    return WaitResult("ended") if in_time else WaitResult("timeout", _TIMEOUT)


def decide_resumption(
    wait: WaitResult,
    resumptions: int,
    pod: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
) -> PodDiagnosis | None:
    """Return why to end a run whose pod has not ended after a wait; None to continue waiting.

    Args:
        wait: How the wait went.
        resumptions: How often it was waited on before.
        pod: The pod; if it differs from the wait, its state counts.
        events: Its events.
    """
    if wait.status == "timeout":
        if has_started(pod):
            return PodDiagnosis(Category.TIMED_OUT, "Timeout", wait.message)
        return diagnose_start_timeout(pod, events)
    if wait.status == "not_started" and not has_started(pod):
        waiting = diagnose_waiting(pod, events)
        final = waiting is not None and waiting.final
        return waiting if final else diagnose_start_timeout(pod, events)
    if resumptions >= _MAX_RESUMPTIONS:
        message = f"the wait ended {resumptions + 1} times before the pod: {wait.message}"
        return PodDiagnosis(Category.UNKNOWN, "Triggerer", message)
    return None
