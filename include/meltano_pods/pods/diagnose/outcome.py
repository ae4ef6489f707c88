"""How a run in a pod ended: from what is left of the pod to a result.

Everything that is not proven to be a success is a failure: the container must have ended with 0,
its result must say so, and no process may have been killed for lack of memory.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import decode_result, restore_result
from meltano_runner.contract.result import Outcome, ResultError, RunResult

from meltano_pods.pods.diagnose.containers import find_failed_container, find_oom_kill
from meltano_pods.pods.diagnose.reasons import diagnose_missing, find_disruption
from meltano_pods.pods.diagnose.status import get_terminated_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis

_SIGTERM_EXIT = 143


@dataclass(frozen=True, slots=True)
class PodOutcome:
    """How a run ended.

    Attributes:
        result: The run's own, or one built from what Kubernetes reports.
        diagnosis: What Kubernetes reports, if it is useful.
    """

    result: RunResult
    diagnosis: PodDiagnosis | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run is proven to have succeeded."""
        return self.result.outcome is Outcome.SUCCEEDED


NO_POD = PodOutcome(RunResult(Outcome.FAILED, -1, Category.UNKNOWN, error="no pod was created"))
"""The outcome of a run that was ended before it had a pod."""


def judge_outcome(
    pod: Mapping[str, Any], logged: RunResult | None = None, last_line: str = ""
) -> PodOutcome:
    """Return how a run ended, from its pod that has ended.

    Args:
        pod: The pod's manifest, its run's container terminated or the pod's phase final.
        logged: The complete result from the log, in case the termination message is lost or cut.
        last_line: The last line of its log.
    """
    state = get_terminated_state(pod)
    result = _decode_result(state) or logged
    code = None if state is None else int(state.get("exitCode", -1))
    oom, disrupted = find_oom_kill(pod), find_disruption(pod)
    if oom is not None:
        return PodOutcome(_build_failure(result, oom.category, code, state), oom)
    if code == 0 and result is not None and result.outcome is Outcome.SUCCEEDED:
        return PodOutcome(restore_result(result, logged))
    if disrupted is not None:
        # A disruption ends the run with SIGTERM: its result says `stopped`, the disruption why.
        return PodOutcome(_build_failure(result, disrupted.category, code, state), disrupted)
    if result is not None and result.outcome is not Outcome.SUCCEEDED:
        return PodOutcome(restore_result(result, logged))
    found = find_failed_container(pod, last_line if result is None else "")
    if found is None:
        text = f"the container ended with exit code {code}, but left no result"
        return PodOutcome(_build_failure(None, Category.UNKNOWN, code, state, text))
    category = found.category
    if category is Category.UNKNOWN and (code == _SIGTERM_EXIT or _is_deleted(pod)):
        category = Category.STOPPED
    text = "it left no result" if result is None else "its result says it succeeded"
    return PodOutcome(_build_failure(result, category, code, state, f"{found}; {text}"), found)


def judge_missing_pod(
    last: Mapping[str, Any] | None, events: Sequence[Mapping[str, Any]], logged: RunResult | None
) -> PodOutcome:
    """Return how a run ended whose pod no longer exists; never a success.

    Args:
        last: The pod as last seen, before its end.
        events: Its events, which outlive it by an hour.
        logged: The result from the log.
    """
    found = (find_disruption(last) if last is not None else None) or diagnose_missing(events)
    category = found.category
    if category is Category.POD_LOST and logged is not None and logged.category is not None:
        category = logged.category
    return PodOutcome(_build_failure(logged, category, None, None), found)


def fail_start(diagnosis: PodDiagnosis) -> PodOutcome:
    """Return the outcome of a run that did not start."""
    return PodOutcome(RunResult(Outcome.FAILED, -1, diagnosis.category), diagnosis)


def mark_stopped(outcome: PodOutcome) -> PodOutcome:
    """Return the outcome of a run whose task was killed, which is never a success.

    Airflow has already reported the end of the task.
    """
    result = replace(outcome.result, outcome=Outcome.STOPPED, category=Category.STOPPED)
    found = outcome.diagnosis
    # A deleted pod is the purpose of the kill, not a reason.
    return PodOutcome(result, None if found and found.category is Category.POD_LOST else found)


def _build_failure(
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
            seconds=_get_seconds(state or {}),
        )
    outcome = Outcome.STOPPED if category is Category.STOPPED else Outcome.FAILED
    return replace(
        result,
        outcome=outcome,
        category=category,
        exit_code=result.exit_code if code is None else code,
        error=result.error or error,
    )


def _decode_result(state: Mapping[str, Any] | None) -> RunResult | None:
    with suppress(ResultError):
        return decode_result((state or {}).get("message") or "")
    return None


def _is_deleted(pod: Mapping[str, Any]) -> bool:
    return bool((pod.get("metadata") or {}).get("deletionTimestamp"))


def _get_seconds(state: Mapping[str, Any]) -> float:
    with suppress(KeyError, TypeError, ValueError):
        began, ended = (datetime.fromisoformat(state[key]) for key in ("startedAt", "finishedAt"))
        return max((ended - began).total_seconds(), 0.0)
    return 0.0
