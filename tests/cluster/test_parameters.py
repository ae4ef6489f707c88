"""Parameters by the REST API, in runs that are pods."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

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
