"""Airflow's KubernetesExecutor: one value of the chart, and the same demo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.test_demo import DAG, moved
from tests.support.waiting import wait_for
from tools.cluster.access import AIRFLOW_NAMESPACE

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)
WORKERS = "app.kubernetes.io/component=worker"


def _workers(cluster: Cluster, dag_id: str) -> list[dict[str, Any]]:
    """Return the workers of a DAG: other DAGs run by their schedules meanwhile."""
    return [
        worker
        for worker in cluster.get("pods", "--selector", WORKERS, namespace=AIRFLOW_NAMESPACE)
        if worker["metadata"]["annotations"]["dag_id"] == dag_id
    ]


def test_the_demo_and_its_log_after_the_worker_is_gone(workers: Cluster) -> None:
    shown = workers.make("demo FULL_REFRESH=1")
    assert moved(shown) >= 1200
    (run, *_) = workers.api.runs(DAG)
    task = workers.task_of(DAG, run["dag_run_id"])
    assert task["executor"] in (None, "KubernetesExecutor")
    wait_for("the worker to go", lambda: not _workers(workers, DAG), 60)
    log = workers.log_of(DAG, run["dag_run_id"])
    assert "Created pod" in log
    assert "succeeded: 1," in log


def test_a_worker_is_hardened_and_shaped_by_its_override(workers: Cluster) -> None:
    dag_id = "faults.job.endless-in-a-worker"
    run_id = workers.start(dag_id)
    pod = workers.running_pod(dag_id)
    (worker,) = _workers(workers, dag_id)
    (base,) = worker["spec"]["containers"]
    assert base["name"] == "base"
    # Its override; the chart says 768Mi.
    assert base["resources"]["limits"] == {"memory": "700Mi"}
    assert worker["metadata"]["labels"]["team"] == "data"
    assert base["securityContext"]["readOnlyRootFilesystem"] is True
    assert worker["spec"]["securityContext"]["runAsNonRoot"] is True
    # Neither the database nor Airflow's keys: a worker talks to the API alone.
    assert not any("CONN" in each["name"] or "KEY" in each["name"] for each in base["env"])

    # Deleting a worker stops its run, which is tried again and not called a success.
    name = worker["metadata"]["name"]
    workers.kubectl("--namespace", AIRFLOW_NAMESPACE, "delete", "pod", name, "--wait=false")
    assert workers.api.wait(dag_id, run_id, seconds=240) == "failed"
    assert "stopped: " in workers.log_of(dag_id, run_id)
    wait_for(f"pod {pod} to end", lambda: not workers.pods_of(dag_id, phase="Running"), 90)
