"""A secret that a plugin shouts out shows nowhere in Airflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.canaries import CANARY
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow
    from tests.support.inbox import Inbox

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(400)]

DAG, TASK = "secretive.job.csv-to-json", "tap-csv-to-target-jsonl"


def test_a_failed_run_shows_none(airflow: RunningAirflow, inbox: Inbox) -> None:
    airflow.unpause(DAG)
    run = airflow.api.trigger(DAG, log_level="debug")
    wait_for("the run to fail", lambda: airflow.api.task(DAG, run, TASK)["state"] == "failed")
    log = airflow.log(DAG, run, TASK)
    # The tap cannot find a file whose path is the secret, and says so.
    assert "No file is at ***" in log
    instance = f"/api/v2/dags/{DAG}/dagRuns/{quote(run)}/taskInstances/{TASK}"
    xcoms = airflow.api.call("GET", f"{instance}/xcomEntries")["xcom_entries"]
    assert {"summary", "result"} <= {each["key"] for each in xcoms}
    task = airflow.api.call("GET", instance)
    assert task["rendered_fields"]["arguments"]
    shown: list[Any] = [
        task,
        log,
        wait_for("the notification", lambda: inbox.notifications_about(DAG) or None),
        *(airflow.api.call("GET", f"{instance}/xcomEntries/{each['key']}") for each in xcoms),
        *(
            airflow.api.call("GET", path)
            for path in (
                f"/api/v2/dags/{DAG}/details",
                f"/api/v2/dags/{DAG}/tasks",
                f"/api/v2/dagSources/{DAG}",
                f"/api/v2/dags/{DAG}/dagRuns/{quote(run)}",
                f"/api/v2/eventLogs?dag_id={DAG}",
                "/api/v2/importErrors",
                "/api/v2/assets",
                "/api/v2/variables",
            )
        ),
    ]
    for each in shown:
        assert CANARY not in json.dumps(each)
