"""A task that does nothing for a long time, so that it can be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scheduler.running_airflow import processes_of
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow

TASK = "sleeper-long"


def wait_until_it_sleeps(airflow: RunningAirflow, dag_id: str, run_id: str) -> int:
    """Return the process id of the task, once Meltano runs the command."""
    project = airflow.home / "meltano" / dag_id.partition(".")[0]

    def sleeping() -> int | None:
        task = airflow.api.task(dag_id, run_id, TASK)
        assert task["state"] not in ("success", "failed", "up_for_retry"), airflow.log(
            dag_id, run_id, TASK
        )
        for pid in processes_of(project):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
                    if file.read().split(b"\0")[:2] == [b"sleep", b"600"]:
                        return int(task["pid"])
            except OSError:
                continue
        return None

    return wait_for("the command to run", sleeping)
