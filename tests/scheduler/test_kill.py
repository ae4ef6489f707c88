"""A task that is killed is never green, and its run is gone with it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.scheduler.running_airflow import processes_of
from tests.scheduler.sleeping import TASK, wait_until_it_sleeps
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(300)]

DAG = "sleeper.job.long"


@pytest.fixture
def run_id(airflow: RunningAirflow) -> Iterator[str]:
    """Start the long job and wait until its command sleeps."""
    airflow.unpause(DAG)
    run = airflow.api.trigger(DAG)
    yield run
    airflow.api.set_run(DAG, run, "failed")
    project = airflow.home / "meltano" / "sleeper"
    wait_for("the run's processes to end", lambda: not processes_of(project), 60)


def _gone(airflow: RunningAirflow) -> None:
    project = airflow.home / "meltano" / "sleeper"
    wait_for("the run's processes to end", lambda: not processes_of(project), 60)


def _end(airflow: RunningAirflow, run_id: str) -> str:
    """Return the state in which the task ended."""

    def ended() -> str | None:
        state = airflow.api.task(DAG, run_id, TASK)["state"]
        return None if state == "running" else str(state)

    return wait_for("the task to end", ended)


def test_marked_failed(airflow: RunningAirflow, run_id: str) -> None:
    wait_until_it_sleeps(airflow, DAG, run_id)
    airflow.api.set_task(DAG, run_id, TASK, "failed")
    _gone(airflow)
    assert airflow.api.task(DAG, run_id, TASK)["state"] == "failed"


def test_sigterm_to_the_task(airflow: RunningAirflow, run_id: str) -> None:
    os.kill(wait_until_it_sleeps(airflow, DAG, run_id), signal.SIGTERM)
    _gone(airflow)
    assert _end(airflow, run_id) == "up_for_retry"
    assert "stopped: " in airflow.log(DAG, run_id, TASK)
