"""How a run in a pod ended; whatever is not proven to be a success is a failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.pods.diagnose.outcome import (
    PodOutcome,
    fail_start,
    judge_missing_pod,
    judge_outcome,
    mark_stopped,
)
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult, StreamResult

from tests.support.pods import OK, ended, event, pod

FAILED = RunResult(Outcome.FAILED, 1, Category.TAP_FAILED, "tap-a", "HTTP 500")
DRAINED = RunResult(Outcome.STOPPED, 143, Category.STOPPED, error="stopped by SIGTERM")


def disrupted(reason: str) -> dict[str, Any]:
    return {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "m"}


def test_success() -> None:
    ending = judge_outcome(pod(ended()))
    assert ending == PodOutcome(OK)
    assert ending.succeeded


def test_the_log_stands_in_for_a_lost_message() -> None:
    assert judge_outcome(pod(ended(message="")), OK) == PodOutcome(OK)


def test_the_log_has_what_the_message_had_no_room_for() -> None:
    streams = tuple(StreamResult(f"s{number}", 1, columns={"id": "i"}) for number in range(300))
    full = replace(OK, pipelines=(replace(OK.pipelines[0], streams=streams),))
    state = ended(message=full)
    assert judge_outcome(pod(state)).result.pipelines[0].streams_omitted > 0
    assert len(judge_outcome(pod(state), full).result.pipelines[0].streams) == 300
    # Anybody can write to a log: it must say what the message says.
    lie = replace(full, extracted=1_000_000)
    assert judge_outcome(pod(state), lie).result.extracted == OK.extracted


CASES: list[tuple[str, dict[str, Any], RunResult | None, str, str]] = [
    ("the run's own failure", pod(ended(1, message=FAILED)), None, "tap_failed", "HTTP 500"),
    ("no result", pod(ended(0, message="")), None, "unknown", "exit code 0, but left no result"),
    ("no result, failed", pod(ended(3, message="")), None, "unknown", "exit code 3; it left no"),
    ("another image", pod(ended(0, message="hello")), None, "unknown", "left no result"),
    ("killed after its result", pod(ended(137)), None, "unknown", "its result says it succeeded"),
    ("out of memory", pod(ended(1, "OOMKilled", FAILED)), None, "out_of_memory", "HTTP 500"),
    ("out of memory, but 0", pod(ended(0, "OOMKilled")), None, "out_of_memory", ""),
    ("out of memory, no result", pod(ended(137, "OOMKilled", "")), None, "out_of_memory", ""),
    ("stopped from outside", pod(ended(143, message=DRAINED)), None, "stopped", "by SIGTERM"),
    ("stopped, no result", pod(ended(143, message="")), None, "stopped", "exit code 143"),
    (
        "preempted",
        pod(ended(143, message=DRAINED), conditions=[disrupted("PreemptionByScheduler")]),
        None,
        "preempted",
        "stopped by SIGTERM",
    ),
    ("evicted, never ran", pod(phase="Failed", reason="Evicted"), None, "evicted", ""),
    (
        "deadline",
        pod(ended(143, message=DRAINED), phase="Failed", reason="DeadlineExceeded"),
        None,
        "timed_out",
        "",
    ),
    ("not ours: wrong processor", pod(ended(255, message="exec format error")), None,
     "image_platform", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("manifest", "logged", "category", "error"), [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)  # fmt: skip
def test_failures(
    manifest: dict[str, Any], logged: RunResult | None, category: str, error: str
) -> None:
    ending = judge_outcome(manifest, logged)
    assert not ending.succeeded
    assert ending.result.category == category
    assert error in (ending.result.error or "")


def test_what_was_done_before_the_failure_is_kept() -> None:
    ending = judge_outcome(pod(ended(0, "OOMKilled")))
    assert ending.result.pipelines == OK.pipelines
    assert ending.diagnosis == PodDiagnosis(
        Category.OUT_OF_MEMORY, "OOMKilled", "container meltano, exit code 0"
    )


def test_a_disruption_after_the_end_changes_nothing() -> None:
    done = pod(ended(), conditions=[disrupted("EvictionByEvictionAPI")])
    assert judge_outcome(done).succeeded


def test_times_come_from_kubernetes_where_the_run_left_none() -> None:
    assert judge_outcome(pod(ended(3, message=""))).result.seconds == 4.0


@pytest.mark.parametrize(
    ("events", "last", "logged", "category"),
    [
        ([], None, None, "pod_lost"),
        # The log had all of it, but nobody saw the container end well.
        ([], None, OK, "pod_lost"),
        ([], None, DRAINED, "stopped"),
        ([], None, FAILED, "tap_failed"),
        ([event("Preempted", "by x")], None, DRAINED, "preempted"),
        (
            [],
            pod({"running": {}}, conditions=[disrupted("DeletionByTaintManager")]),
            DRAINED,
            "node_lost",
        ),
    ],
)
def test_gone(
    events: list[dict[str, Any]],
    last: dict[str, Any] | None,
    logged: RunResult | None,
    category: str,
) -> None:
    ending = judge_missing_pod(last, events, logged)
    assert not ending.succeeded
    assert ending.result.category == category
    assert ending.result.pipelines == (() if logged is None else logged.pipelines)


def test_a_killed_task_is_never_a_success() -> None:
    ending = mark_stopped(judge_outcome(pod(ended())))
    assert not ending.succeeded
    assert ending.result == replace(OK, outcome=Outcome.STOPPED, category=Category.STOPPED)


def test_never_began() -> None:
    ending = fail_start(PodDiagnosis(Category.IMAGE_PULL, "ErrImagePull", "not found"))
    assert not ending.succeeded
    assert ending.result.category is Category.IMAGE_PULL


def test_a_program_for_another_processor_says_so_in_the_log_alone() -> None:
    words = "exec /usr/bin/tini: exec format error"
    found = judge_outcome(pod(ended(1, message="")), None, words)
    assert found.result.category is Category.IMAGE_PLATFORM
    assert words in str(found.diagnosis)
    # A plugin that says so is the plugin's business.
    assert judge_outcome(pod(ended(1, message=FAILED)), None, words).result.category is (
        Category.TAP_FAILED
    )
