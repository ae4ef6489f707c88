"""A project runs on its schedule, whatever becomes of another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.scheduler.running_airflow import SLEEPER
from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(400)]

GOOD = "csv_to_json.daily"


def _succeeded(airflow: RunningAirflow, dag_id: str, since: str) -> dict[str, Any] | None:
    """Return a scheduled run that was made after `since` and succeeded."""
    for run in airflow.api.runs(dag_id):
        if run["run_type"] == "scheduled" and (run["queued_at"] or "") > since:
            assert run["state"] != "failed", run
            if run["state"] == "success":
                return run
    return None


def _write(airflow: RunningAirflow, text: str) -> None:
    """Write the breakable project, and let Airflow see it sooner than by itself."""
    (airflow.home / "meltano" / "breakable" / "meltano.yml").write_text(text)
    (airflow.home / "dags" / "breakable.py").touch()


def test_a_broken_project_is_named_and_another_runs_on_its_schedule(
    airflow: RunningAirflow,
) -> None:
    wait_for("the project to be broken", lambda: airflow.api.dag("breakable.job.short"))
    _write(airflow, SLEEPER.replace("sleeper:short'}", "sleper:short'}"))

    def error() -> str | None:
        for each in airflow.api.call("GET", "/api/v2/importErrors")["import_errors"]:
            assert each["filename"].endswith("breakable.py"), each
            return str(each["stack_trace"])
        return None

    text = wait_for("the import error", error)
    assert "meltano/breakable/meltano.yml, line 12, key jobs[0].tasks" in text
    assert "Did you mean `sleeper`?" in text

    since = datetime.now(UTC).isoformat()
    airflow.unpause(GOOD)
    run = wait_for(
        "a run that was scheduled after that to succeed", lambda: _succeeded(airflow, GOOD, since)
    )
    airflow.pause_all()
    assert run["data_interval_start"] < run["data_interval_end"]
    log = airflow.log(GOOD, run["dag_run_id"], "tap-csv-to-target-jsonl")
    assert "succeeded: " in log
    assert list((airflow.home / "meltano" / "csv_to_json" / "output").iterdir())

    _write(airflow, SLEEPER)
    wait_for("the import error to go", lambda: error() is None)
