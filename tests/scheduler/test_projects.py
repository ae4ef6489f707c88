"""A project runs on its schedule, whatever becomes of another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.scheduler.running_airflow import SLEEPER
from tests.support.waiting import wait_for

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


def _import_error(airflow: RunningAirflow) -> str | None:
    for each in airflow.api.call("GET", "/api/v2/importErrors")["import_errors"]:
        assert each["filename"].endswith("breakable.py"), each
        return str(each["stack_trace"])
    return None


def test_a_project_that_cannot_be_read_is_named_and_another_runs_on_its_schedule(
    airflow: RunningAirflow,
) -> None:
    wait_for("the project to be broken", lambda: airflow.api.dag("breakable.job.short"))
    _write(airflow, f"{SLEEPER}jobs: []\n")
    text = wait_for("the import error", lambda: _import_error(airflow))
    assert "meltano/breakable/meltano.yml, line 16, key jobs" in text
    assert "duplicate key `jobs`, first on line 11" in text

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
    wait_for("the import error to go", lambda: _import_error(airflow) is None)


# What is wrong with each breaks it alone.
BROKEN = """\
schedules:
- {name: hourly, interval: '@hourly', job: lost}
- {name: 7, interval: '@daily', job: short}
- {name: tomorrow, interval: '@tomorrow', job: long}
- {name: secret, interval: '@daily', job: short, env: {API_TOKEN: hunter2}}
"""
BROKEN_DAGS = {
    "breakable.job.lots": "the plugin 'sleeper' has no command 'shrt'",
    "breakable.hourly": "unknown job 'lost' in the schedule 'hourly'",
    "breakable.schedules-1": "expected a string, found 7",
    "breakable.tomorrow": "the interval '@tomorrow' of the schedule 'tomorrow'",
    "breakable.secret": "API_TOKEN",
}


def test_broken_entries_are_shown_and_fail_when_they_run_and_good_ones_run(
    airflow: RunningAirflow,
) -> None:
    lots = (
        "jobs:\n- {name: lots, tasks: ['sleeper:shrt']}\n- {name: good, tasks: 'sleeper:short'}\n"
    )
    _write(airflow, SLEEPER.replace("jobs:\n", lots) + BROKEN)
    ids = {*BROKEN_DAGS, "breakable.job.good"}
    wait_for("all DAGs", lambda: all(airflow.api.dag(each) for each in ids))
    assert _import_error(airflow) is None
    for dag_id, words in BROKEN_DAGS.items():
        details = airflow.api.call("GET", f"/api/v2/dags/{dag_id}/details")
        assert {each["name"] for each in details["tags"]} == {"breakable", "broken"}
        assert words in details["doc_md"]
        assert "hunter2" not in str(details)
    details = airflow.api.call("GET", "/api/v2/dags/breakable.hourly/details")
    assert details["timetable_summary"] == "0 * * * *"

    airflow.unpause("breakable.job.good")
    airflow.unpause("breakable.job.lots")
    good = airflow.api.trigger("breakable.job.good")
    bad = airflow.api.trigger("breakable.job.lots")
    assert airflow.api.wait("breakable.job.good", good, seconds=120) == "success"
    assert airflow.api.wait("breakable.job.lots", bad, seconds=120) == "failed"
    (task,) = airflow.api.tasks("breakable.job.lots", bad)
    assert (task["task_id"], task["try_number"]) == ("broken", 1)
    log = airflow.log("breakable.job.lots", bad, "broken")
    assert "config_invalid: the plugin 'sleeper' has no command 'shrt'" in log
    assert "meltano/breakable/meltano.yml, line 12, key jobs[0].tasks" in log

    airflow.pause_all()
    _write(airflow, SLEEPER)
