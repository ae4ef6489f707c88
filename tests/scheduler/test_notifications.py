"""Notifications: a failure and its recovery once each, in every channel, for every task outcome."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.scheduler.running_airflow import processes_of
from tests.scheduler.sleeping import TASK, wait_until_it_sleeps
from tests.support.inbox import READER, SENDER
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scheduler.running_airflow import RunningAirflow
    from tests.support.inbox import Inbox

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(400)]

DAG, TASK_ID = "notified.job.csv-to-json", "tap-csv-to-target-jsonl"
GOOD = "order_id,customer,updated_at\n1,Ada,2026-01-01T06:00:00Z\n2,Bea,2026-01-01T07:00:00Z\n"
BAD = GOOD + "3,Cy\n"
VARIABLES = f"/api/v2/variables?variable_key_pattern=meltano_pods.failing.{DAG}"


def _run(airflow: RunningAirflow, rows: str, expected: str) -> str:
    """Run the pipeline over these rows and return the run's id."""
    _data(airflow).write_text(rows)
    run = airflow.api.trigger(DAG, full_refresh=True)
    assert airflow.ended(DAG, run) == expected, airflow.log(DAG, run, TASK_ID)
    return run


def _data(airflow: RunningAirflow) -> Path:
    return airflow.home / "meltano" / "notified" / "data" / "test.csv"


def _settled(airflow: RunningAirflow, dag_id: str) -> None:
    """Wait until the DAG processor has run the callbacks of the DAG's failed runs."""

    def ran() -> bool:
        logs = (airflow.home / "airflow" / "logs" / "dag_processor").rglob(
            f"{dag_id.partition('.')[0]}.py.log"
        )
        return any("Executing on_failure dag callback" in log.read_text() for log in logs)

    wait_for("the DAG's callback", ran)


def _text(message: Any) -> str:
    return "\n".join(block["text"]["text"] for block in message["blocks"])


def test_a_failure_and_its_end_are_told_once_each(airflow: RunningAirflow, inbox: Inbox) -> None:
    airflow.unpause(DAG)
    failed = _run(airflow, BAD, "failed")
    _settled(airflow, DAG)
    assert airflow.api.call("GET", VARIABLES)["total_entries"] == 1
    good = _run(airflow, GOOD, "success")
    wait_for("the mail of the recovery", lambda: len(inbox.mails_about(DAG)) > 1)
    _run(airflow, GOOD, "success")
    assert airflow.api.call("GET", VARIABLES)["total_entries"] == 0

    failure, recovery = inbox.notifications_about(DAG)
    assert (failure["event"], failure["category"]) == ("failure", "tap_failed")
    assert (failure["run_id"], failure["task_id"]) == (failed, TASK_ID)
    assert (failure["try_number"], failure["tries"]) == (1, 1)
    assert failure["plugin"] == "tap-csv"
    assert "line 4" in failure["error"]
    assert "invoke tap-csv --discover" in failure["hint"]
    assert failure["extracted"] == 2
    assert failure["streams"][0]["stream"] == "orders"
    assert f"/dags/{DAG}/runs/" in failure["log_url"]
    assert (recovery["event"], recovery["run_id"], recovery["extracted"]) == ("recovery", good, 2)
    assert recovery["failed_runs"] == 1
    assert recovery["category"] is None

    first, second = inbox.mails_about(DAG)
    assert first["Subject"] == f"Failed: {DAG} (tap_failed)"
    assert second["Subject"] == f"Recovered: {DAG}"
    assert (first["From"], first["To"]) == (SENDER, READER)
    body = next(part for part in first.walk() if part.get_content_type() == "text/html")
    assert "invoke tap-csv --discover" in body.get_content()
    assert "orders 2" in body.get_content()

    one, two = inbox.slack_about(DAG)
    assert f"Failed: {DAG} (tap_failed)" in _text(one)
    assert "line 4" in _text(one)
    assert f"Recovered: {DAG}" in _text(two)


def test_a_killed_task_is_not_green_and_told_of_by_the_dag(
    airflow: RunningAirflow, inbox: Inbox
) -> None:
    dag_id = "mortal.job.long"
    airflow.unpause(dag_id)
    run = airflow.api.trigger(dag_id)
    os.kill(wait_until_it_sleeps(airflow, dag_id, run), signal.SIGKILL)
    project = airflow.home / "meltano" / "mortal"
    wait_for("the run's processes to end", lambda: not processes_of(project), 60)
    assert airflow.ended(dag_id, run) == "failed"
    assert airflow.api.task(dag_id, run, TASK)["state"] == "failed"
    wait_for("the notification", lambda: inbox.notifications_about(dag_id) or None)
    _settled(airflow, dag_id)
    (notification,) = inbox.notifications_about(dag_id)
    assert (notification["event"], notification["run_id"], notification["task_id"]) == (
        "failure",
        run,
        TASK,
    )
    assert "it was killed" in notification["summary"]
