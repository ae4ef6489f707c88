"""What to make of a trigger that gave up although the pod has not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_runner.contract import Category

from meltano_pods.pods.diagnose.reasons import (
    PodDiagnosis,
    diagnose_start_timeout,
    diagnose_waiting,
)
from meltano_pods.pods.diagnose.status import has_started

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_ATTEMPTS = 3


def why_given_up(
    event: Mapping[str, Any], pod: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> PodDiagnosis | None:
    """Return why to end the run, or None to wait on.

    Args:
        event: What the provider's trigger yielded.
        pod: The pod, which has not ended.
        events: The pod's events.
    """
    message = str(event.get("message") or "")
    if event["status"] == "timeout":
        if has_started(pod):
            return PodDiagnosis(Category.TIMED_OUT, "Timeout", message)
        return diagnose_start_timeout(pod, events)
    waiting = diagnose_waiting(pod, events)
    if waiting is not None and waiting.final:
        return waiting
    if waiting is not None and waiting.category is Category.SECRET_MISSING:
        return None  # the pod's own, which is there by now: the kubelet looks again
    if int(event.get("_redefer_count", 0)) >= _MAX_ATTEMPTS:
        return PodDiagnosis(Category.UNKNOWN, "Triggerer", f"it gave up again and again: {message}")
    return None
