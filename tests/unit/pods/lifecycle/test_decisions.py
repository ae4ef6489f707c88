"""The decisions of a pod's life, as tables: pod, events and time in, what to do out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.pods.diagnose.outcome import NO_POD, judge_outcome
from meltano_pods.pods.lifecycle.deferral import WaitResult, decide_resumption
from meltano_pods.pods.lifecycle.launch import Existing, decide_existing
from meltano_pods.pods.lifecycle.pod_run import decide_removal
from meltano_pods.pods.lifecycle.reap import decide_reaping
from meltano_pods.pods.lifecycle.start import StartDeadline
from meltano_pods.pods.spec.build import RunSpec, build_pod

from tests.support.pods import FAILED, RUN, RUNNING, SMALL, ended, event, options, over, pod, waits

RETRY = replace(RUN, try_number=2, ti_id="attempt-2")
DONE, BROKEN = over(ended()), over(ended(1, message=FAILED))


def made(run: Any = RUN, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """Return the pod of a try in the cluster."""
    found = build_pod(SMALL, options(), RunSpec(("run", "a", "b"), None, {}), run)
    found["metadata"] |= {"uid": "u", **metadata}
    return {**found, "status": status or {"phase": "Pending"}}


OTHER_SPEC = {"annotations": {**made()["metadata"]["annotations"], "meltano-pods/spec": "other"}}
EXISTING = [
    # Of the try before, which does or did the same.
    (made(), RETRY, Existing.ADOPT),
    (made(status=RUNNING), RETRY, Existing.ADOPT),
    (made(status=DONE), RETRY, Existing.ADOPT),
    (made(status=BROKEN), RETRY, Existing.LEAVE),
    # Of this very try, whose answer was lost or whose worker was started again.
    (made(status=RUNNING), RUN, Existing.ADOPT),
    (made(status=BROKEN), RUN, Existing.ADOPT),
    # Deleted already, or of other work.
    (made(status=RUNNING, deletionTimestamp="2026-01-02T03:06:00Z"), RETRY, Existing.STOP),
    (made(status=RUNNING, **OTHER_SPEC), RETRY, Existing.STOP),
    (made(status=DONE, **OTHER_SPEC), RETRY, Existing.LEAVE),
    # From before somebody cleared the task.
    (made(status=RUNNING), replace(RETRY, cleared_tries=1), Existing.STOP),
    (made(status=DONE), replace(RETRY, cleared_tries=1), Existing.LEAVE),
    # The same DAG run, deleted and created again: the name is taken.
    (made(status=DONE), replace(RUN, ti_id="attempt-9"), Existing.STOP),
    (made(status=BROKEN), replace(RUN, ti_id="attempt-9"), Existing.STOP),
    (made(status=RUNNING), replace(RUN, ti_id="attempt-9"), Existing.ADOPT),
    (made(status=RUNNING), replace(RUN, ti_id="attempt-9", run_id="other"), Existing.STOP),
]


@pytest.mark.parametrize(("there", "run", "expected"), EXISTING)
def test_existing_pods(there: dict[str, Any], run: Any, expected: Existing) -> None:
    assert decide_existing(there, made(run), run) is expected


PULL = waits("ImagePullBackOff", "no such image")
PULLS_AGAIN = waits("ErrImagePull", "connection refused")
CREATING = waits("ContainerCreating")
MOUNT = [event("FailedMount", 'secret "a" not found')]
STARTS: list[tuple[list[tuple[float, dict[str, Any], list[Any]]], str | None]] = [
    ([(0, CREATING, []), (59, CREATING, [])], None),
    ([(60, CREATING, [])], "start_timeout"),
    # What will hardly fix itself, for ten seconds without a break.
    ([(0, PULL, []), (9.9, PULL, [])], None),
    ([(0, PULL, []), (10, PULL, [])], "image_pull"),
    ([(0, PULL, []), (9, CREATING, []), (11, PULL, []), (20, PULL, [])], None),
    ([(0, PULL, []), (9, CREATING, []), (11, PULL, []), (21, PULL, [])], "image_pull"),
    ([(6, CREATING, MOUNT), (16, CREATING, MOUNT)], "secret_missing"),
    # What may pass is waited for, and named in the end.
    ([(0, PULLS_AGAIN, []), (59, PULLS_AGAIN, [])], None),
    ([(60, PULLS_AGAIN, [])], "start_timeout"),
]


@pytest.mark.parametrize(("looks", "category"), STARTS)
def test_start(looks: list[tuple[float, dict[str, Any], list[Any]]], category: str | None) -> None:
    deadline = StartDeadline(1000.0, 60.0)
    given_up = None
    for after, status, events in looks:
        assert given_up is None
        given_up = deadline.decide(pod(None, **status), events, 1000.0 + after)
    assert (None if given_up is None else given_up.category) == category


RESUMPTIONS: list[tuple[WaitResult, int, dict[str, Any], str | None]] = [
    (WaitResult("ended"), 0, RUNNING, None),
    (WaitResult("error", "m"), 2, RUNNING, None),
    (WaitResult("error", "m"), 3, RUNNING, "unknown"),
    (WaitResult("error", "m"), 0, PULL, None),
    (WaitResult("timeout", "m"), 0, RUNNING, "timed_out"),
    (WaitResult("timeout", "m"), 0, CREATING, "start_timeout"),
    (WaitResult("not_started", "m"), 0, CREATING, "start_timeout"),
    (WaitResult("not_started", "m"), 0, PULL, "image_pull"),
    # It started after all.
    (WaitResult("not_started", "m"), 0, RUNNING, None),
]


@pytest.mark.parametrize(("wait", "resumptions", "status", "category"), RESUMPTIONS)
def test_resumption(
    wait: WaitResult, resumptions: int, status: dict[str, Any], category: str | None
) -> None:
    found = decide_resumption(wait, resumptions, pod(None, **status), [])
    assert (None if found is None else found.category) == category


@pytest.mark.parametrize(
    ("status", "leave", "expected"),
    [
        (DONE, False, True),
        (DONE, True, True),
        (BROKEN, False, False),  # kept for inspection
        (RUNNING, False, True),
        (RUNNING, True, False),  # the next try adopts it
        (CREATING, False, True),
    ],
)
def test_removal(status: dict[str, Any], *, leave: bool, expected: bool) -> None:
    there = pod(None, **status)
    outcome = NO_POD if status in (RUNNING, CREATING) else judge_outcome(there)
    assert decide_removal(outcome, there, leave=leave) is expected


def test_reaping_without_word_of_the_task_leaves_what_has_not_ended() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - of this test alone

    there = made(status=RUNNING, creationTimestamp="2026-01-02T03:04:00Z")
    assert decide_reaping(there, datetime(2027, 1, 1, tzinfo=UTC), None) is None
