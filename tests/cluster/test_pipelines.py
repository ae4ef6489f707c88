"""What a job can be made of, as pods: branches, environments, parameters, tenants, assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)

DAG = "shop.job.nightly"
ORDERS, CUSTOMERS, RETURNS = (
    "tap-orders-to-target",
    "tap-customers-to-target",
    "tap-returns-to-target",
)
LOAD, REPORT = "tenants.load", "tenants.report"
TENANTS = {"north", "south", "east"}


def _pods(cluster: Cluster, run_id: str) -> dict[str, dict[str, Any]]:
    """Return the pods of a run of the job that are there now, by task."""
    return {
        pod["metadata"]["labels"]["task_id"]: pod for pod in cluster.pods_of(DAG, run_id=run_id)
    }


def _succeeded(cluster: Cluster, dag_id: str, run_id: str) -> None:
    state = cluster.api.wait(dag_id, run_id, seconds=300)
    assert state == "success", cluster.api.tasks(dag_id, run_id)


def test_branches_run_at_once_with_what_their_plugins_ask_for(cluster: Cluster) -> None:
    run_id = cluster.start(DAG)

    def branches() -> dict[str, dict[str, Any]] | None:
        pods = _pods(cluster, run_id)
        return pods if len(pods) > 1 else None

    pods = wait_for("two pods at once", branches)
    assert set(pods) == {ORDERS, CUSTOMERS}
    for pod in pods.values():
        (container,) = pod["spec"]["containers"]
        requests = container["resources"]["requests"]
        # Of tap and target together.
        assert (requests["cpu"], requests["memory"]) == ("50m", "128Mi")
        assert "team" not in pod["metadata"]["labels"]
    last = wait_for("the pod of what needs both", lambda: _pods(cluster, run_id).get(RETURNS))
    assert last["metadata"]["labels"]["team"] == "returns"
    assert {"key": "spot", "operator": "Exists"} in last["spec"]["tolerations"]
    _succeeded(cluster, DAG, run_id)
    ends = {task["task_id"]: task for task in cluster.api.tasks(DAG, run_id)}
    assert ends[RETURNS]["start_date"] > max(ends[each]["end_date"] for each in (ORDERS, CUSTOMERS))


def test_a_run_is_shaped_by_parameters(cluster: Cluster) -> None:
    choices = {"environment": "staging", "only_tasks": [RETURNS], "state_id_suffix": "try"}
    run_id = cluster.start(DAG, **choices)
    _succeeded(cluster, DAG, run_id)
    states = {task["task_id"]: task["state"] for task in cluster.api.tasks(DAG, run_id)}
    assert states == {ORDERS: "skipped", CUSTOMERS: "skipped", RETURNS: "success"}
    result = cluster.api.result(DAG, run_id, RETURNS)
    (pipeline,) = result["pipelines"]
    assert pipeline["state_id"] == f"staging:{RETURNS}:try"
    (stream,) = pipeline["streams"]
    assert (stream["extracted"], stream["bookmark"]) == (20, "20")


def test_each_tenant_has_a_pod_and_their_assets_start_what_follows(cluster: Cluster) -> None:
    wait_for(f"the DAG {REPORT}", lambda: cluster.api.dag(REPORT))
    cluster.api.unpause(REPORT)
    run_id = cluster.start(LOAD)
    _succeeded(cluster, LOAD, run_id)
    results = _of_tenants(cluster, run_id)
    assert set(results) == TENANTS
    for tenant, result in results.items():
        (pipeline,) = result["pipelines"]
        assert pipeline["state_id"] == f"dev:tap-csv-to-target-jsonl:{tenant}"

    def report() -> str | None:
        ended = (run for run in cluster.api.runs(REPORT) if run["state"] in ("success", "failed"))
        return next((run["dag_run_id"] for run in ended), None)

    told = wait_for("the run that the assets start", report, 240)
    said = cluster.api.result(REPORT, told, "report")
    assert said == {f"orders_{tenant}": result["records"] for tenant, result in results.items()}


def _of_tenants(cluster: Cluster, run_id: str) -> dict[str, dict[str, Any]]:
    """Return the results of the mapped task's instances, by tenant."""
    tasks = f"/api/v2/dags/{LOAD}/dagRuns/{quote(run_id)}/taskInstances/load"
    found = {}
    for each in cluster.api.call("GET", f"{tasks}/listMapped")["task_instances"]:
        path = f"{tasks}/xcomEntries/return_value?deserialize=true&map_index={each['map_index']}"
        found[each["rendered_map_index"]] = cluster.api.call("GET", path)["value"]
    return found
