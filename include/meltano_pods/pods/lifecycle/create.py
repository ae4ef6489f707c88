"""Creates objects, and waits while the cluster cannot take them: a full quota, an API outage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.api_errors import ApiError, can_pass, diagnose_api_error
from meltano_pods.pods.lifecycle.actions import Pause, ReadClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.pods.lifecycle.actions import CreatePod, CreateSecret, Steps
    from meltano_pods.tasks.relay import Log

_FIRST_PAUSE = 1.0
_MAX_PAUSE = 15.0


@dataclass(frozen=True, slots=True)
class WaitPolicy:
    """How long a launch waits for the cluster.

    Attributes:
        timeout: Seconds to wait where waiting can help.
        killed: Whether the task was killed meanwhile.
        log: For what it waits for.
    """

    timeout: float
    killed: Callable[[], bool]
    log: Log


def create(action: CreatePod | CreateSecret, policy: WaitPolicy) -> Steps[Any]:
    """Return what a creation yields, repeated while waiting can help.

    Args:
        action: What to create.
        policy: How long to wait.

    Raises:
        ApiError: Rejected for good, still not possible after the timeout, or the task was killed.
    """
    began = yield ReadClock()
    pause, logged = _FIRST_PAUSE, set()
    while True:
        try:
            return (yield action)
        except ApiError as error:
            now = yield ReadClock()
            if not can_pass(error) or now - began >= policy.timeout or policy.killed():
                raise
            waiting = diagnose_api_error(error)
            if waiting.category not in logged:
                logged.add(waiting.category)
                policy.log.warning(
                    "The cluster cannot take the pod yet (%s); waiting up to %.0f minutes",
                    waiting.message or waiting.reason,
                    (began + policy.timeout - now) / 60,
                )
        yield Pause(pause)
        pause = min(pause * 2, _MAX_PAUSE)
