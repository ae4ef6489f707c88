from __future__ import annotations

import json
from dataclasses import replace

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from meltano_pods.errors import DeploymentError
from meltano_pods.notify.build import build_failure_notification, build_recovery_notification
from meltano_pods.notify.notification import Incident, Notification, TaskTry
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult, StreamResult

from tests.support.notifications import DAG, RESULT, RUN, TASK, TRY, failed


def plain(text: str) -> str:
    return text


def test_a_failed_run() -> None:
    notification = build_failure_notification("failure", TRY, failed(), plain)
    assert notification.as_dict() == {
        "version": 1,
        "event": "failure",
        "dag_id": DAG,
        "run_id": RUN,
        "task_id": TASK,
        "try_number": 3,
        "tries": 3,
        "category": "target_failed",
        "summary": "The target (loader) ended with an error.",
        "plugin": "target-jsonl",
        "error": RESULT.error,
        "kubernetes": "Error: container meltano, exit code 1",
        "hint": failed().fix,
        "extracted": 1200,
        "loaded": 1103,
        "streams": [
            {"stream": "orders", "extracted": 1200, "loaded": 1100, "bookmark": "2026-01-02"},
            {"stream": "small", "extracted": None, "loaded": 3, "bookmark": None},
        ],
        "streams_omitted": 2,
        "seconds": 4.1,
        "pod": "meltano/shop-a",
        "look": [
            "kubectl --namespace meltano describe pod shop-a",
            "kubectl --namespace meltano logs",
        ],
        "log_url": TRY.log_url,
        "failed_since": None,
        "failed_runs": None,
    }


def test_the_json_form_reads_back() -> None:
    notification = build_failure_notification("failure", TRY, failed(), plain)
    again = Notification.from_dict(json.loads(json.dumps(notification.as_dict())))
    assert again.as_dict() == notification.as_dict()


def test_a_run_that_never_began() -> None:
    error = failed(RunResult(Outcome.FAILED, -1, Category.IMAGE_PULL))
    notification = build_failure_notification("failure", TRY, error, plain)
    assert (notification.category, notification.extracted, notification.seconds) == (
        "image_pull",
        None,
        None,
    )


def test_a_killed_task() -> None:
    notification = build_failure_notification("failure", TRY, None, plain)
    assert notification.category == "unknown"
    assert "it was killed" in notification.summary
    assert notification.look == TRY.look


def test_only_the_run_is_known() -> None:
    notification = build_failure_notification("failure", TaskTry(DAG, RUN), None, plain)
    assert (notification.task_id, notification.try_number, notification.look) == (None, None, ())


def test_a_fault_of_the_deployment() -> None:
    error = DeploymentError("there is no runner", "this worker", "Install it.")
    notification = build_failure_notification("retry", TRY, error, plain)
    assert (notification.event, notification.category) == ("retry", None)
    content = (notification.summary, notification.error, notification.hint)
    assert content == ("there is no runner", "where: this worker", "Install it.")


@pytest.mark.parametrize(
    ("error", "category", "text"),
    [
        (ValueError("first\nBody: hunter2"), "unknown", "ValueError: first"),
        (ValueError(), "unknown", "ValueError"),
        (ValueError("x" * 500), "unknown", "ValueError: " + "x" * 285 + "..."),
        (AirflowTaskTimeout("late"), "timed_out", "AirflowTaskTimeout: late"),
    ],
)
def test_of_others_errors_the_first_line(error: BaseException, category: str, text: str) -> None:
    notification = build_failure_notification("failure", TRY, error, plain)
    assert (notification.category, notification.error) == (category, text)


def test_secrets_that_airflow_knows_are_hidden() -> None:
    result = replace(
        RESULT,
        error="password hunter2",
        pipelines=(
            replace(RESULT.pipelines[0], streams=(StreamResult("s", 1, bookmark="hunter2"),)),
        ),
    )
    notification = build_failure_notification(
        "failure", TRY, failed(result), lambda text: text.replace("hunter2", "***")
    )
    assert notification.error == "password ***"
    assert "hunter2" not in json.dumps(notification.as_dict())


def test_long_errors_are_cut() -> None:
    notification = build_failure_notification(
        "failure", TRY, failed(replace(RESULT, error="x" * 5000)), plain
    )
    assert notification.error == "x" * 1497 + "..."


@pytest.mark.parametrize(("count", "words"), [(1, "1 failed run."), (3, "3 failed runs.")])
def test_a_recovery(count: int, words: str) -> None:
    incident = Incident("2026-01-01T06:00:00+00:00", count, "manual__1")
    notification = build_recovery_notification(
        TRY, replace(RESULT, outcome=Outcome.SUCCEEDED), incident, plain
    )
    assert notification.event == "recovery"
    assert notification.summary == f"The run succeeded, after {words}"
    assert (notification.category, notification.error, notification.hint, notification.look) == (
        None,
        None,
        None,
        (),
    )
    assert (notification.failed_since, notification.failed_runs) == (incident.since, count)
    assert (notification.extracted, notification.loaded) == (1200, 1103)
    assert build_recovery_notification(TRY, None, incident, plain).extracted is None
