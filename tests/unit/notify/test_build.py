from __future__ import annotations

import json
from dataclasses import replace

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from meltano_pods.errors import DeploymentError
from meltano_pods.notify.build import failure_notice, recovery_notice
from meltano_pods.notify.notice import Notice, TaskTry, Trouble
from meltano_runner.contract import Category, Outcome, RunResult, StreamResult

from tests.support.notices import DAG, RESULT, RUN, TASK, TRY, failed


def plain(text: str) -> str:
    return text


def test_a_failed_run() -> None:
    notice = failure_notice("failure", TRY, failed(), plain)
    assert notice.as_dict() == {
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
    notice = failure_notice("failure", TRY, failed(), plain)
    again = Notice.from_dict(json.loads(json.dumps(notice.as_dict())))
    assert again.as_dict() == notice.as_dict()


def test_a_run_that_never_began() -> None:
    error = failed(RunResult(Outcome.FAILED, -1, Category.IMAGE_PULL))
    notice = failure_notice("failure", TRY, error, plain)
    assert (notice.category, notice.extracted, notice.seconds) == ("image_pull", None, None)


def test_a_killed_task() -> None:
    notice = failure_notice("failure", TRY, None, plain)
    assert notice.category == "unknown"
    assert "it was killed" in notice.summary
    assert notice.look == TRY.look


def test_only_the_run_is_known() -> None:
    notice = failure_notice("failure", TaskTry(DAG, RUN), None, plain)
    assert (notice.task_id, notice.try_number, notice.look) == (None, None, ())


def test_a_fault_of_the_deployment() -> None:
    error = DeploymentError("there is no runner", "this worker", "Install it.")
    notice = failure_notice("retry", TRY, error, plain)
    assert (notice.event, notice.category) == ("retry", None)
    said = (notice.summary, notice.error, notice.hint)
    assert said == ("there is no runner", "where: this worker", "Install it.")


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
    notice = failure_notice("failure", TRY, error, plain)
    assert (notice.category, notice.error) == (category, text)


def test_secrets_that_airflow_knows_are_hidden() -> None:
    result = replace(
        RESULT,
        error="password hunter2",
        pipelines=(
            replace(RESULT.pipelines[0], streams=(StreamResult("s", 1, bookmark="hunter2"),)),
        ),
    )
    notice = failure_notice(
        "failure", TRY, failed(result), lambda text: text.replace("hunter2", "***")
    )
    assert notice.error == "password ***"
    assert "hunter2" not in json.dumps(notice.as_dict())


def test_long_errors_are_cut() -> None:
    notice = failure_notice("failure", TRY, failed(replace(RESULT, error="x" * 5000)), plain)
    assert notice.error == "x" * 1497 + "..."


@pytest.mark.parametrize(("count", "words"), [(1, "1 failed run."), (3, "3 failed runs.")])
def test_a_recovery(count: int, words: str) -> None:
    trouble = Trouble("2026-01-01T06:00:00+00:00", count, "manual__1")
    notice = recovery_notice(TRY, replace(RESULT, outcome=Outcome.SUCCEEDED), trouble, plain)
    assert notice.event == "recovery"
    assert notice.summary == f"The run succeeded, after {words}"
    assert (notice.category, notice.error, notice.hint, notice.look) == (None, None, None, ())
    assert (notice.failed_since, notice.failed_runs) == (trouble.since, count)
    assert (notice.extracted, notice.loaded) == (1200, 1103)
    assert recovery_notice(TRY, None, trouble, plain).extracted is None
