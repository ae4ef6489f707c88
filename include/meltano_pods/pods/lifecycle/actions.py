"""The actions that a step yields to its driver, and how often a request is repeated."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from meltano_pods.pods.diagnose.api_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meltano_pods.pods.lifecycle.observation import Observation
    from meltano_pods.tasks.relay import Log

_TRIES = 5
_FIRST_PAUSE = 0.5
_MAX_PAUSE = 8.0
OUTAGE_SECONDS = 600.0
"""How long the API may be unreachable, or reject our credentials, while a pod is running."""


@dataclass(frozen=True, slots=True)
class ReadPod:
    """Read a pod; the answer is None if there is none of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListPods:
    """List the pods that a label selector selects."""

    selector: str


@dataclass(frozen=True, slots=True)
class ListEvents:
    """List the events about a pod; none where they may not be read."""

    name: str


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Create a pod; the answer is the pod as the cluster has it."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CreateSecret:
    """Create a Secret. There is no answer: Airflow may not read Secrets."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PatchPod:
    """Merge a change into a pod; the answer is the pod as it is then."""

    name: str
    change: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete a pod; the answer is False if it is not the expected one.

    Attributes:
        name: Its name.
        uid: Its identity; None for whichever pod has the name.
        version: Its resource version; None for any.
        grace: Seconds until it is killed; None for its own grace period.
    """

    name: str
    uid: str | None = None
    version: str | None = None
    grace: int | None = None


@dataclass(frozen=True, slots=True)
class RelayLog:
    """Relay the log of the run's container from where it was relayed to; answered by a `LogEnd`.

    Attributes:
        observation: The pod, which takes the lines.
        follow: Whether to wait for further lines.
    """

    observation: Observation
    follow: bool


@dataclass(frozen=True, slots=True)
class LogEnd:
    """How a stream of log lines ended.

    Attributes:
        cut_off: Whether more may follow: it broke within a line, or nothing came for a while.
    """

    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class ReadLogTail:
    """Read the last lines of a container's log, as a text; empty where there are none.

    Attributes:
        name: The pod's name.
        container: The container's.
        lines: How many lines.
    """

    name: str
    container: str
    lines: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReadClock:
    """Read the time, in seconds since 1970."""


Action = (
    ReadPod
    | ListPods
    | ListEvents
    | CreatePod
    | CreateSecret
    | PatchPod
    | DeletePod
    | RelayLog
    | ReadLogTail
    | Pause
    | ReadClock
)

_T = TypeVar("_T")
Steps = Generator[Action, Any, _T]
"""Yields actions, is sent their results (or thrown an `ApiError`), and returns a result."""


def drive(steps: Steps[_T], perform: Callable[[Action], Any]) -> _T:
    """Perform steps one after the other and return their result.

    Args:
        steps: The steps.
        perform: Performs an action and returns its result, or raises an `ApiError`.

    Raises:
        ApiError: The steps let one through.
    """
    try:
        action = next(steps)
        while True:
            try:
                answer = perform(action)
            except ApiError as error:
                action = steps.throw(error)
            else:
                action = steps.send(answer)
    except StopIteration as end:
        result: _T = end.value
        return result
    finally:
        steps.close()


def request(action: Action, outage_log: Log | None = None) -> Steps[Any]:
    """Return the answer to an action, which is repeated while that can help.

    Args:
        action: The action.
        outage_log: For a pod that is running, which continues without us: waits up to
            `OUTAGE_SECONDS` for an API that is unreachable or rejects our credentials, and logs it.

    Raises:
        ApiError: Rejected, or not answered in time.
    """
    began: float | None = None
    pause, tries = _FIRST_PAUSE, 0
    while True:
        tries += 1
        try:
            return (yield action)
        except ApiError as error:
            now = yield ReadClock()
            # An API server that has just started rejects everybody until it has read the roles.
            is_outage = error.is_outage or (began is not None and error.is_forbidden)
            patient = outage_log is not None and is_outage
            if patient and began is None and outage_log is not None:
                outage_log.warning(
                    "The cluster does not answer (%s); waiting up to %.0f minutes",
                    error,
                    OUTAGE_SECONDS / 60,
                )
            began = now if began is None else began
            late = now - began >= OUTAGE_SECONDS
            if late if patient else tries >= _TRIES or not error.is_transient:
                raise
        yield Pause(pause)
        pause = min(pause * 2, _MAX_PAUSE)
