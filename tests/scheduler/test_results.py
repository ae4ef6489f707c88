"""What Airflow shows of a run's result, checks of it, and DAGs that run for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.waiting import wait_for
from tools.airflow_log import OPERATORS

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(400)]

DAG, TASK = "watched.job.csv-to-json", "tap-csv-to-target-jsonl"
STREAM = "x-meltano://watched/dev/target-jsonl/orders"
PIPELINE = "x-meltano://watched/dev/tap-csv-to-target-jsonl"
ROWS = "order_id,customer,updated_at\n1,Ada,2026-01-01T06:00:00Z\n2,Bea,2026-01-01T07:00:00Z\n"
WIDER = "order_id,customer,updated_at,note\n3,Cy,2026-01-01T08:00:00Z,new\n"


def _run(airflow: RunningAirflow, rows: str, expected: str = "success") -> str:
    """Run the pipeline over these rows and return the run's id."""
    (airflow.home / "meltano" / "watched" / "data" / "test.csv").write_text(rows)
    run = airflow.api.trigger(DAG)
    _wait(airflow, run, expected)
    return run


def _wait(airflow: RunningAirflow, run: str, expected: str) -> None:
    assert airflow.ended(DAG, run) == expected, airflow.log(DAG, run, TASK)


def _events(airflow: RunningAirflow, run: str) -> dict[str, dict[str, Any]]:
    path = f"/api/v2/assets/events?source_dag_id={DAG}&source_run_id={quote(run)}"
    return {each["uri"]: each["extra"] for each in airflow.api.call("GET", path)["asset_events"]}


def _is_ours(entry: dict[str, Any]) -> bool:
    return str(entry.get("logger")).startswith(OPERATORS)


def _followers(airflow: RunningAirflow, name: str) -> list[int]:
    """Return what the runs of a DAG that waits for assets received, the oldest first."""
    runs = [each for each in airflow.api.runs(f"after.{name}") if each["state"] == "success"]
    told = [airflow.api.result(f"after.{name}", each["dag_run_id"], "tell") for each in runs]
    return [count for counts in reversed(told) for count in counts]


def test_a_result_is_shown_checked_and_followed(airflow: RunningAirflow) -> None:
    for name in ("stream", "pipeline", "any"):
        airflow.unpause(f"after.{name}")
    airflow.unpause(DAG)

    first = _run(airflow, ROWS)
    log = airflow.log(DAG, first, TASK)
    assert "orders: 2 extracted, loaded: unknown; bookmark 2026-01-01T07:00:00Z" in log
    assert "Check warned: the run: 2 records extracted, at least 5 expected (min_records)" in log
    assert airflow.api.task(DAG, first, TASK)["rendered_map_index"] == (
        "2 extracted, loaded: unknown; 1 warning"
    )
    lines = [each["event"] for each in map(json.loads, log.splitlines()) if _is_ours(each)]
    # Beside what a green run says: the warning.
    assert len(lines) == len(set(lines)) <= 12 + 1, lines
    value = airflow.api.result(DAG, first, TASK)
    assert value["extracted"] == 2
    assert value["checks"]["passed"] == 1
    assert [each["check"] for each in value["checks"]["warned"]] == ["min_records"]
    assert airflow.api.result(DAG, first, TASK, "summary").startswith(
        "succeeded: 2 records extracted"
    )

    events = _events(airflow, first)
    assert set(events) == {STREAM, PIPELINE}
    assert events[STREAM]["extracted"] == events[PIPELINE]["extracted"] == 2
    assert events[STREAM]["bookmark"] == "2026-01-01T07:00:00Z"
    assert events[STREAM]["run_id"] == first
    wait_for("the DAGs that follow", lambda: _followers(airflow, "stream") == [2])
    wait_for("the DAGs that follow", lambda: _followers(airflow, "any") == [2])

    # Nothing new: the pipeline ran, the stream did not move.
    second = _run(airflow, ROWS)
    assert set(_events(airflow, second)) == {PIPELINE}
    wait_for("the pipeline's follower", lambda: _followers(airflow, "pipeline") == [2, 0])

    third = _run(airflow, WIDER, "failed")
    log = airflow.log(DAG, third, TASK)
    assert "check_failed: The run ended without an error" in log
    assert "orders: columns added: note (string) (schema_change)" in log
    assert "2026-01-01T07:00:00Z -> 2026-01-01T08:00:00Z" in log
    assert _events(airflow, third) == {}
    result = airflow.api.result(DAG, third, TASK, "result")
    assert (result["category"], result["extracted"]) == ("check_failed", 1)
    assert airflow.api.task(DAG, third, TASK)["try_number"] == 1

    # Clearing it accepts the change: the columns are those of the last run.
    body = {"dag_run_id": third, "task_ids": [TASK], "dry_run": False, "only_failed": True}
    airflow.api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", body)
    _wait(airflow, third, "success")
    assert _followers(airflow, "stream") == _followers(airflow, "any") == [2]
