"""Parallel branches run at once, and DAGs that write one state never do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow
    from tests.support.inbox import Inbox

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(400)]

PAIR = "tap-csv-to-target-jsonl"


@pytest.fixture(scope="module")
def run_ids(airflow: RunningAirflow) -> dict[str, str]:
    """Start all jobs whose runs do not wait for each other's tasks, and return the runs' ids."""
    pool = {"name": "turns", "slots": 1, "include_deferred": True}
    airflow.api.call("POST", "/api/v2/pools", pool)
    started = {}
    for name in ("one", "two", "ends", "row"):
        dag_id = f"branches.job.{name}"
        airflow.unpause(dag_id)
        started[dag_id] = airflow.api.trigger(dag_id)
    return started


def test_branches_meet_and_then_are_followed(airflow: RunningAirflow) -> None:
    dag_id = "branches.job.branches"
    airflow.unpause(dag_id)
    run_id = airflow.api.trigger(dag_id)
    state = airflow.ended(dag_id, run_id)
    first, second = f"{PAIR}-check-met-more", "tap-more-to-target-jsonl-check-met-csv"
    assert state == "success", airflow.log(dag_id, run_id, first)
    branches = [airflow.api.task(dag_id, run_id, each) for each in (first, second)]
    last = airflow.api.task(dag_id, run_id, "check-both")
    assert max(each["start_date"] for each in branches) < min(each["end_date"] for each in branches)
    assert last["start_date"] >= max(each["end_date"] for each in branches)
    for task_id, state_id in ((first, f"other:{PAIR}"), (second, "other:tap-more-to-target-jsonl")):
        assert state_id in airflow.log(dag_id, run_id, task_id)
    output = airflow.home / "meltano" / "branches" / "output"
    assert {"orders.jsonl", "more.jsonl"} <= {each.name for each in output.iterdir()}


def test_dags_that_write_one_state_take_turns(
    airflow: RunningAirflow, run_ids: dict[str, str]
) -> None:
    tasks = []
    for dag_id in ("branches.job.one", "branches.job.two"):
        run_id = run_ids[dag_id]
        state = airflow.ended(dag_id, run_id)
        assert state == "success", airflow.log(dag_id, run_id, f"{PAIR}-check-alone")
        tasks.append(airflow.api.task(dag_id, run_id, f"{PAIR}-check-alone"))
    earlier, later = sorted(tasks, key=lambda task: str(task["start_date"]))
    assert {task["pool"] for task in tasks} == {"turns"}
    assert earlier["end_date"] <= later["start_date"]


def _fails_and_tells(airflow: RunningAirflow, inbox: Inbox, dag_id: str, run_id: str) -> None:
    assert airflow.ended(dag_id, run_id) == "failed"
    wait_for("the notification of the failure", lambda: len(inbox.notifications_about(dag_id)) > 0)


def test_where_branches_end_in_two_tasks_the_recovery_is_told_once(
    airflow: RunningAirflow, inbox: Inbox, run_ids: dict[str, str]
) -> None:
    dag_id = "branches.job.ends"
    _fails_and_tells(airflow, inbox, dag_id, run_ids[dag_id])
    output = airflow.home / "meltano" / "branches" / "output"
    output.mkdir(exist_ok=True)
    (output / "allowed").touch()
    good = airflow.api.trigger(dag_id)
    assert airflow.ended(dag_id, good) == "success"
    wait_for("the notification of the recovery", lambda: len(inbox.notifications_about(dag_id)) > 1)
    again = airflow.api.trigger(dag_id, only_tasks=["check-allowed"])
    assert airflow.ended(dag_id, again) == "success"
    failure, recovery = inbox.notifications_about(dag_id)
    assert (failure["event"], failure["task_id"]) == ("failure", "check-allowed")
    assert (recovery["event"], recovery["run_id"]) == ("recovery", good)


def test_a_run_without_the_last_task_tells_of_the_recovery(
    airflow: RunningAirflow, inbox: Inbox, run_ids: dict[str, str]
) -> None:
    dag_id = "branches.job.row"
    _fails_and_tells(airflow, inbox, dag_id, run_ids[dag_id])
    (airflow.home / "meltano" / "branches" / "output" / "repaired").touch()
    good = airflow.api.trigger(dag_id, only_tasks=["check-repaired"])
    assert airflow.ended(dag_id, good) == "success"
    wait_for("the notification of the recovery", lambda: len(inbox.notifications_about(dag_id)) > 1)
    failure, recovery = inbox.notifications_about(dag_id)
    assert (failure["event"], failure["task_id"]) == ("failure", "check-repaired")
    assert (recovery["event"], recovery["run_id"]) == ("recovery", good)
