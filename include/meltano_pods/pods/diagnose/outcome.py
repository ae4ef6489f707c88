"""How a run in a pod ended: from what is left of the pod to a result.

Everything that is not proven to be a success is a failure: the container must have ended with 0,
its result must be there and say so, and no process may have been killed for want of memory.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import decode, whole
from meltano_runner.contract.result import Outcome, ResultError, RunResult

from meltano_pods.pods.diagnose.reasons import (
    PodDiagnosis,
    diagnose_missing,
    find_disruption,
    find_failed_container,
    find_oom_kill,
)
from meltano_pods.pods.diagnose.status import get_terminated_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGTERM_EXIT = 143


@dataclass(frozen=True, slots=True)
class PodOutcome:
    """How a run ended.

    Attributes:
        result: The run's own, or one made from what Kubernetes says.
        diagnosis: What Kubernetes says, where it says anything of use.
    """

    result: RunResult
    diagnosis: PodDiagnosis | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run is proven to have done its work."""
        return self.result.outcome is Outcome.SUCCEEDED


NO_POD = PodOutcome(RunResult(Outcome.FAILED, -1, Category.UNKNOWN, error="no pod was created"))
"""The end of a run that was ended before it had a pod."""


def judge_outcome(
    pod: Mapping[str, Any], logged: RunResult | None = None, last_words: str = ""
) -> PodOutcome:
    """Return how the run in a pod that has ended did so.

    Args:
        pod: The pod's manifest, its run's container terminated or the pod's phase final.
        logged: The result as the log had it, whole, also for when the termination message is lost.
        last_words: The last line of its log.
    """
    state = get_terminated_state(pod)
    result = _decoded(state) or logged
    code = None if state is None else int(state.get("exitCode", -1))
    oom, disrupted = find_oom_kill(pod), find_disruption(pod)
    if oom is not None:
        return PodOutcome(_failed(result, oom.category, code, state), oom)
    if code == 0 and result is not None and result.outcome is Outcome.SUCCEEDED:
        return PodOutcome(whole(result, logged))
    if disrupted is not None:
        # A disruption ends the run with SIGTERM: its own result says `stopped`, this says why.
        return PodOutcome(_failed(result, disrupted.category, code, state), disrupted)
    if result is not None and result.outcome is not Outcome.SUCCEEDED:
        return PodOutcome(whole(result, logged))
    found = find_failed_container(pod, last_words if result is None else "")
    if found is None:
        text = f"the container ended with exit code {code}, but left no result"
        return PodOutcome(_failed(None, Category.UNKNOWN, code, state, text))
    category = found.category
    if category is Category.UNKNOWN and (code == _SIGTERM_EXIT or _deleted(pod)):
        category = Category.STOPPED
    text = "it left no result" if result is None else "its result says it succeeded"
    return PodOutcome(_failed(result, category, code, state, f"{found}; {text}"), found)


def judge_missing_pod(
    last: Mapping[str, Any] | None, events: Sequence[Mapping[str, Any]], logged: RunResult | None
) -> PodOutcome:
    """Return how a run ended whose pod is no longer there; never as a success.

    Args:
        last: The pod as last seen, which was before its end.
        events: Its events, which outlive it by an hour.
        logged: The result as the log had it.
    """
    found = (find_disruption(last) if last is not None else None) or diagnose_missing(events)
    category = found.category
    if category is Category.POD_LOST and logged is not None and logged.category is not None:
        category = logged.category
    return PodOutcome(_failed(logged, category, None, None), found)


def fail_start(diagnosis: PodDiagnosis) -> PodOutcome:
    """Return how a run ended that never began."""
    return PodOutcome(RunResult(Outcome.FAILED, -1, diagnosis.category), diagnosis)


def mark_stopped(ending: PodOutcome) -> PodOutcome:
    """Return the end of a run whose task was killed: whatever it was, it is not a success.

    Whoever killed the task was told that it is over.
    """
    result = replace(ending.result, outcome=Outcome.STOPPED, category=Category.STOPPED)
    found = ending.diagnosis
    # That the pod is gone is what was asked for.
    return PodOutcome(result, None if found and found.category is Category.POD_LOST else found)


def _failed(
    result: RunResult | None,
    category: Category,
    code: int | None,
    state: Mapping[str, Any] | None,
    error: str | None = None,
) -> RunResult:
    if result is None:
        return RunResult(
            Outcome.FAILED,
            -1 if code is None else code,
            category,
            error=error,
            seconds=_seconds(state or {}),
        )
    outcome = Outcome.STOPPED if category is Category.STOPPED else Outcome.FAILED
    return replace(
        result,
        outcome=outcome,
        category=category,
        exit_code=result.exit_code if code is None else code,
        error=result.error or error,
    )


def _decoded(state: Mapping[str, Any] | None) -> RunResult | None:
    with suppress(ResultError):
        return decode((state or {}).get("message") or "")
    return None


def _deleted(pod: Mapping[str, Any]) -> bool:
    return bool((pod.get("metadata") or {}).get("deletionTimestamp"))


def _seconds(state: Mapping[str, Any]) -> float:
    with suppress(KeyError, TypeError, ValueError):
        began, ended = (datetime.fromisoformat(state[key]) for key in ("startedAt", "finishedAt"))
        return max((ended - began).total_seconds(), 0.0)
    return 0.0
