"""Parameters by the REST API, in runs that are pods."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(900)

DAG, TASK, ROWS = "csv_to_json.daily", "tap-csv-to-target-jsonl", 1200


def ended(cluster: Cluster, run_id: str) -> dict[str, Any]:
    """Wait for the run's success and return the task's result."""

    def over() -> bool:
        state = cluster.api.run(DAG, run_id)["state"]
        assert state != "failed", cluster.log_of(DAG, run_id)
        return bool(state == "success")

    wait_for(f"the run {run_id}", over, 300)
    found: dict[str, Any] = cluster.api.result(DAG, run_id, TASK)
    return found


def test_a_run_is_shaped_by_parameters(cluster: Cluster) -> None:
    suffix = f"test-{secrets.token_hex(4)}"
    run_id = cluster.start(DAG, state_id_suffix=suffix, select_filter=["ord*"], log_level="debug")

    def spec() -> dict[str, Any] | None:
        pods = cluster.pods_of(DAG, run_id=run_id)
        return pods[0]["spec"]["containers"][0] if pods else None

    container = wait_for("the run's pod", spec, 240)
    assert container["args"][:5] == [
        "run",
        "tap-csv",
        "target-jsonl",
        "--state-id",
        f"daily:{suffix}",
    ]
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert env["TAP_CSV__SELECT_FILTER"] == '["ord*"]'
    assert env["MELTANO_CLI_LOG_LEVEL"] == "debug"
    assert env["MELTANO_PODS_RUN_ID"] == run_id
    result = ended(cluster, run_id)
    assert result["extracted"] >= ROWS
    (pipeline,) = result["pipelines"]
    assert (pipeline["state_id"], pipeline["state_saved"]) == (f"daily:{suffix}", True)
    assert "DEBUG" in cluster.log_of(DAG, run_id)
    # It goes on from its own bookmark.
    again = cluster.start(DAG, state_id_suffix=suffix)
    assert not ended(cluster, again)["extracted"]


def test_a_value_that_is_not_allowed_starts_nothing(cluster: Cluster) -> None:
    before = {run["dag_run_id"] for run in cluster.api.runs(DAG)}
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        cluster.start(DAG, state_id_suffix="$(MELTANO_DATABASE_URI)")
    assert {run["dag_run_id"] for run in cluster.api.runs(DAG)} - before == set()


def test_a_backfill_in_pods_keeps_the_scheduled_bookmark(cluster: Cluster) -> None:
    wait_for("the DAG", lambda: cluster.api.dag(DAG) is not None)
    cluster.api.unpause(DAG)
    body = {
        "dag_id": DAG,
        "from_date": "2026-01-02T00:00:00Z",
        "to_date": "2026-01-04T00:00:00Z",
        "max_active_runs": 3,
        "reprocess_behavior": "completed",
    }
    cluster.api.call("POST", "/api/v2/backfills", body)

    def over() -> list[str] | None:
        runs = [run for run in cluster.api.runs(DAG) if run["run_type"] == "backfill"]
        assert "failed" not in {run["state"] for run in runs}, runs
        done = len(runs) == 3 and {run["state"] for run in runs} == {"success"}
        return [run["dag_run_id"] for run in runs] if done else None

    found = [cluster.api.result(DAG, run_id, TASK) for run_id in wait_for("it", over, 600)]
    # Again on a cluster that was kept: then the runs were cleared, and their ids end with a number.
    state_ids = {result["pipelines"][0]["state_id"][:30] for result in found}
    assert state_ids == {f"daily:backfill-2026010{day}T000000Z"[:30] for day in (2, 3, 4)}
    assert {result["extracted"] for result in found} == {
        max(result["extracted"] for result in found)
    }
