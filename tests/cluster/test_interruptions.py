"""What may happen to a pod or its task in the middle of a run, in both modes at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import CATEGORIES, Category

from tests.cluster.hints import expected_fix
from tests.support.waiting import wait_for
from tools.airflow_api import ENDED
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)
WHERE = ("--namespace", MELTANO_NAMESPACE)


@dataclass(frozen=True)
class Run:
    """A run that goes on until something happens to it.

    Attributes:
        mode: `sync` or `deferred`.
        dag_id: Its DAG.
        run_id: Its id.
    """

    mode: str
    dag_id: str
    run_id: str


@pytest.fixture
def job() -> str:
    return "endless"


@pytest.fixture
def runs(cluster: Cluster, job: str) -> Iterator[tuple[Run, ...]]:
    """Start a run in each mode; in the end none of their pods may be running."""
    cluster.forget_runs("faults")
    found = tuple(
        Run(mode, dag_id, cluster.start(dag_id))
        for mode, dag_id in (
            ("sync", f"faults.job.{job}"),
            ("deferred", f"faults.job.{job}-deferred"),
        )
    )
    yield found
    for run in found:
        if cluster.api.run(run.dag_id, run.run_id)["state"] not in ENDED:
            cluster.api.set_run(run.dag_id, run.run_id, "failed")
    for run in found:
        wait_for("its pods to end", partial(_is_over, cluster, run.dag_id), 120)
        selector = f"meltano-pods/dag={run.dag_id}"
        cluster.kubectl(*WHERE, "delete", "pods", "--selector", selector, "--wait=false")


def _is_over(cluster: Cluster, dag_id: str) -> bool:
    phases = {pod["status"]["phase"] for pod in cluster.pods_of(dag_id)}
    return phases.isdisjoint({"Pending", "Running"})


def _failed_as(cluster: Cluster, run: Run, category: Category) -> str:
    assert cluster.api.wait(run.dag_id, run.run_id, seconds=180) == "failed"
    log = cluster.log_of(run.dag_id, run.run_id)
    assert f"{category.value}: {CATEGORIES[category].summary}" in log, log
    assert expected_fix(category) in log, log
    return log


def test_pod_deleted(cluster: Cluster, runs: tuple[Run, ...]) -> None:
    for run in runs:
        pod = cluster.running_pod(run.dag_id)
        cluster.kubectl(*WHERE, "delete", "pod", pod, "--wait=false")
    # The triggerer looks every two seconds: by then the pod and its log may be gone.
    categories = {"sync": Category.STOPPED, "deferred": Category.POD_LOST}
    for run in runs:
        log = _failed_as(cluster, run, categories[run.mode])
        assert run.mode == "sync" or "kubernetes: Killing: Stopping container meltano" in log


@pytest.mark.parametrize("job", ["lingering"])
def test_pod_lost(cluster: Cluster, runs: tuple[Run, ...]) -> None:
    for run in runs:
        pod = cluster.running_pod(run.dag_id)
        # Its target does not end in the second that is left to it.
        cluster.kubectl(*WHERE, "delete", "pod", pod, "--force", "--grace-period=0")
    for run in runs:
        _failed_as(cluster, run, Category.POD_LOST)


def test_drains_wait_and_what_is_evicted_says_so(cluster: Cluster, runs: tuple[Run, ...]) -> None:
    pods = [cluster.running_pod(run.dag_id) for run in runs]
    for pod in pods:
        refused = _evict(cluster, pod)
        assert "Cannot evict pod as it would violate the pod's disruption budget" in refused
    budget = ("poddisruptionbudget", "meltano-pods")
    kept = cluster.kubectl(*WHERE, "get", *budget, "-o", "json")
    cluster.kubectl(*WHERE, "delete", *budget)
    try:
        for pod in pods:
            assert not _evict(cluster, pod)
        for run in runs:
            category = {"sync": Category.EVICTED, "deferred": Category.POD_LOST}[run.mode]
            _failed_as(cluster, run, category)
    finally:
        cluster.kubectl("apply", "-f", "-", stdin=kept)


def _evict(cluster: Cluster, pod: str) -> str:
    """Ask for an eviction as `kubectl drain` does; return why it was rejected."""
    wanted = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": MELTANO_NAMESPACE},
    }
    path = f"/api/v1/namespaces/{MELTANO_NAMESPACE}/pods/{pod}/eviction"
    ended = cluster.try_kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(wanted))
    return ended.stderr if ended.returncode else ""


def test_marked_failed(cluster: Cluster, runs: tuple[Run, ...]) -> None:
    for run in runs:
        cluster.running_pod(run.dag_id)
        task_id = cluster.task_of(run.dag_id, run.run_id)["task_id"]
        cluster.api.set_task(run.dag_id, run.run_id, task_id, "failed")
    for run in runs:
        wait_for("its pod to go", partial(_is_over, cluster, run.dag_id), 90)
        assert cluster.task_of(run.dag_id, run.run_id)["state"] == "failed"


def test_cleared(cluster: Cluster, runs: tuple[Run, ...]) -> None:
    first = {}
    for run in runs:
        first[run] = cluster.running_pod(run.dag_id)
        body = {"dag_run_id": run.run_id, "only_running": False, "only_failed": False}
        path = f"/api/v2/dags/{run.dag_id}/clearTaskInstances"
        cluster.api.call("POST", path, {"dry_run": False, **body})
    for run in runs:
        # One at a time: the first has ended before the second begins.
        another = partial(_runs_another, cluster, run, first[run])
        wait_for("the pod of the second try alone", another, 120)
        assert cluster.task_of(run.dag_id, run.run_id)["state"] in ("running", "deferred")
        if run.mode == "deferred":
            # Until its trigger runs, nobody would delete the pod of a task marked as failed.
            wait_for("its trigger", partial(_is_watched, cluster, run), 60)


def _runs_another(cluster: Cluster, run: Run, first: str) -> bool:
    names = [pod["metadata"]["name"] for pod in cluster.pods_of(run.dag_id, phase="Running")]
    return names != [first] and len(names) == 1


def _is_watched(cluster: Cluster, run: Run) -> bool:
    return "Waiting in the triggerer for pod" in cluster.log_of(run.dag_id, run.run_id, 2)
