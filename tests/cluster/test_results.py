"""A pod's result: checks of it, and DAGs that run for what it moved, in both modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from meltano_runner.contract.categories import CATEGORIES, Category

from tests.support.waiting import wait_for
from tools.airflow_api import text_of
from tools.airflow_log import OPERATORS

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(900)

STREAM = "x-meltano://faults/dev/target-followed/numbers"


def events_of(cluster: Cluster, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
    path = f"/api/v2/assets/events?source_dag_id={dag_id}&source_run_id={quote(run_id)}"
    return {each["uri"]: each["extra"] for each in cluster.api.call("GET", path)["asset_events"]}


@pytest.mark.parametrize("job", ["followed", "followed-deferred"])
def test_a_dag_runs_for_the_rows_of_a_pod(cluster: Cluster, job: str) -> None:
    follower = "after.faults"
    wait_for("the DAG that follows", lambda: cluster.api.dag(follower) is not None)
    cluster.api.unpause(follower)
    dag_id = f"faults.job.{job}"
    run_id = cluster.start(dag_id)
    assert cluster.api.wait(dag_id, run_id, seconds=420) == "success", cluster.log_of(
        dag_id, run_id
    )
    events = events_of(cluster, dag_id, run_id)
    assert set(events) == {STREAM, f"x-meltano://faults/dev/tap-{job}-to-target-followed"}
    assert events[STREAM]["extracted"] == 20
    assert (events[STREAM]["bookmark"], events[STREAM]["run_id"]) == ("20", run_id)
    assert "numbers: 20 extracted, loaded: unknown; bookmark 20" in cluster.log_of(dag_id, run_id)
    task = cluster.task_of(dag_id, run_id)
    assert task["rendered_map_index"] == "20 extracted, loaded: unknown"
    entries = cluster.api.log(dag_id, run_id, task["task_id"])
    lines = [each["event"] for each in entries if str(each.get("logger")).startswith(OPERATORS)]
    assert 5 < len(lines) == len(set(lines)) <= 12, lines
    assert not [each for each in map(text_of, entries) if "log read interrupted" in each]

    def followed() -> bool:
        runs = cluster.api.call("GET", f"/api/v2/dags/{follower}/dagRuns?limit=100")["dag_runs"]
        return any(
            run["state"] == "success" and dag_id in str(cluster.api.call("GET", _told(run)))
            for run in runs
        )

    def _told(run: dict[str, Any]) -> str:
        instance = f"/api/v2/dags/{follower}/dagRuns/{quote(run['dag_run_id'])}/taskInstances/tell"
        return f"{instance}/xcomEntries/return_value?deserialize=true"

    wait_for("the DAG that follows to run", followed)


def test_what_is_not_as_expected_fails_and_the_rows_stay(cluster: Cluster) -> None:
    dag_id = "faults.job.expecting"
    run_id = cluster.start(dag_id)
    assert cluster.api.wait(dag_id, run_id, seconds=420) == "failed"
    log = cluster.log_of(dag_id, run_id)
    info = CATEGORIES[Category.CHECK_FAILED]
    for wanted in (
        f"check_failed: {info.summary}",
        "numbers: 20 records extracted, at least 1,000 expected (min_records)",
        "Check warned: the run: 20 records extracted, at least 100 expected (min_records)",
        "retry: no",
        "state dev:tap-expecting-to-target saved",
    ):
        assert wanted in log, log
    assert events_of(cluster, dag_id, run_id) == {}
    # It did its work, so nobody needs to look at its pod.
    wait_for("the pod to go", lambda: not cluster.pods_of(dag_id, run_id=run_id))
