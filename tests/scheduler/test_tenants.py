"""The example of a custom DAG: each tenant has a run and a state, and a report follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(600)]

LOAD, REPORT = "tenants.load", "tenants.report"
TENANTS = ("north", "south", "east")


def _loaded(airflow: RunningAirflow) -> dict[str, dict[str, Any]]:
    """Run the pipeline and return each tenant's result."""
    run_id = airflow.api.trigger(LOAD)
    assert airflow.ended(LOAD, run_id, 300) == "success", airflow.home
    path = f"/api/v2/dags/{LOAD}/dagRuns/{quote(run_id)}/taskInstances/load"
    found = {}
    for each in airflow.api.call("GET", f"{path}/listMapped")["task_instances"]:
        index = each["map_index"]
        xcom = airflow.api.call("GET", f"{path}/xcomEntries/return_value?map_index={index}")
        found[each["rendered_map_index"]] = xcom["value"]
    return found


def test_each_tenant_has_a_run_and_a_state_of_its_own(airflow: RunningAirflow) -> None:
    airflow.unpause(LOAD)
    airflow.unpause(REPORT)
    first = _loaded(airflow)
    assert set(first) == set(TENANTS)
    for tenant, result in first.items():
        (pipeline,) = result["pipelines"]
        assert pipeline["state_id"] == f"dev:tap-csv-to-target-jsonl:{tenant}"
        assert pipeline["state_saved"]
        output = airflow.home / "meltano" / "csv_to_json" / "output" / f"orders_{tenant}.jsonl"
        # The tap counts what it reads; its filter leaves a tenant's countries.
        assert 0 < len(output.read_text().splitlines()) < result["extracted"]

    def report() -> dict[str, int] | None:
        for run in airflow.api.runs(REPORT):
            assert run["state"] != "failed", airflow.home
            if run["state"] == "success":
                found: dict[str, int] = airflow.api.result(REPORT, run["dag_run_id"], "report")
                return found
        return None

    shown = wait_for("the report, once all tenants have new rows", report)
    assert shown == {tenant: first[tenant]["extracted"] for tenant in TENANTS}
