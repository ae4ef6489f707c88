"""What may happen to a pod or its task in the middle of a run, in both modes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract import CATEGORIES, Category

from tests.waiting import wait_for
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

pytestmark = [pytest.mark.timeout(600), pytest.mark.parametrize("mode", ["sync", "deferred"])]
WHERE = ("--namespace", MELTANO_NAMESPACE)


@pytest.fixture
def job() -> str:
    return "endless"


@pytest.fixture
def dag_id(mode: str, job: str) -> str:
    return f"faults.job.{job}" + {"sync": "", "deferred": "-deferred"}[mode]


@pytest.fixture
def run_id(cluster: Cluster, dag_id: str) -> Iterator[str]:
    """Start a run; in the end nothing of it may be left but pods that are kept for a look."""
    cluster.forget_runs("faults")
    run = cluster.start(dag_id)
    yield run
    if cluster.api.run(dag_id, run)["state"] not in ("failed", "success"):
        cluster.api.set_run(dag_id, run, "failed")
    wait_for("its pods to end", lambda: not _at_work(cluster, dag_id), 120)
    cluster.kubectl(*WHERE, "delete", "pods", "--selector", f"meltano-pods/dag={dag_id}")


def _at_work(cluster: Cluster, dag_id: str) -> bool:
    return any(pod["status"]["phase"] in ("Pending", "Running") for pod in cluster.pods_of(dag_id))


def _failed_as(cluster: Cluster, dag_id: str, run_id: str, category: Category) -> str:
    assert cluster.api.wait(dag_id, run_id, seconds=180) == "failed"
    log = cluster.log_of(dag_id, run_id)
    assert f"{category.value}: {CATEGORIES[category].summary}" in log, log
    assert CATEGORIES[category].hint in log, log
    return log


def test_pod_deleted(cluster: Cluster, dag_id: str, run_id: str, mode: str) -> None:
    pod = cluster.running_pod(dag_id)
    cluster.kubectl(*WHERE, "delete", "pod", pod, "--wait=false")
    # The triggerer looks every two seconds: by then the pod may be gone, and its last words too.
    category = {"sync": Category.STOPPED, "deferred": Category.POD_LOST}[mode]
    log = _failed_as(cluster, dag_id, run_id, category)
    assert mode == "sync" or "kubernetes: Killing: Stopping container meltano" in log


@pytest.mark.parametrize("job", ["lingering"])
def test_pod_lost(cluster: Cluster, dag_id: str, run_id: str) -> None:
    pod = cluster.running_pod(dag_id)
    # Its target does not end in the second that is left to it.
    cluster.kubectl(*WHERE, "delete", "pod", pod, "--force", "--grace-period=0")
    _failed_as(cluster, dag_id, run_id, Category.POD_LOST)


def test_drains_wait_and_what_is_evicted_says_so(
    cluster: Cluster, dag_id: str, run_id: str, mode: str
) -> None:
    pod = cluster.running_pod(dag_id)
    refused = _evict(cluster, pod)
    assert "Cannot evict pod as it would violate the pod's disruption budget" in refused
    budget = ("poddisruptionbudget", "meltano-pods")
    kept = cluster.kubectl(*WHERE, "get", *budget, "-o", "json")
    cluster.kubectl(*WHERE, "delete", *budget)
    try:
        assert not _evict(cluster, pod)
        category = {"sync": Category.EVICTED, "deferred": Category.POD_LOST}[mode]
        _failed_as(cluster, dag_id, run_id, category)
    finally:
        cluster.kubectl("apply", "-f", "-", stdin=kept)


def _evict(cluster: Cluster, pod: str) -> str:
    """Ask for an eviction as `kubectl drain` does; return why it was refused."""
    wanted = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": MELTANO_NAMESPACE},
    }
    path = f"/api/v1/namespaces/{MELTANO_NAMESPACE}/pods/{pod}/eviction"
    ended = cluster.try_kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(wanted))
    return ended.stderr if ended.returncode else ""


def test_marked_failed(cluster: Cluster, dag_id: str, run_id: str) -> None:
    pod = cluster.running_pod(dag_id)
    task_id = cluster.task_of(dag_id, run_id)["task_id"]
    cluster.api.set_task(dag_id, run_id, task_id, "failed")
    wait_for(f"pod {pod} to go", lambda: not cluster.pods_of(dag_id, phase="Running"), 90)
    assert cluster.task_of(dag_id, run_id)["state"] == "failed"


def test_cleared(cluster: Cluster, dag_id: str, run_id: str, mode: str) -> None:
    first = cluster.running_pod(dag_id)
    body = {"dry_run": False, "dag_run_id": run_id, "only_running": False, "only_failed": False}
    cluster.api.call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def another() -> bool:
        names = [pod["metadata"]["name"] for pod in cluster.pods_of(dag_id, phase="Running")]
        return names != [first] and len(names) == 1

    # One at a time: the first has ended before the second begins.
    wait_for("the pod of the second try alone", another, 120)
    assert cluster.task_of(dag_id, run_id)["state"] in ("running", "deferred")
    if mode == "deferred":
        # Until its trigger runs, nobody would delete the pod of a task that is marked as failed.
        wait_for("its trigger", lambda: "Checking pod" in cluster.log_of(dag_id, run_id, 2), 60)
