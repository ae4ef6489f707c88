"""Containers beside that of the run: they change nothing about it, and do not outlive it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)

DEAF_SECONDS = 40
"""A sidecar that ignores SIGTERM gets the 15 s of a pod that is deleted, or the project's 20 s."""


def list_running(pod: dict[str, Any]) -> list[str]:
    status = pod["status"]
    every = [*status.get("initContainerStatuses", []), *status["containerStatuses"]]
    return [each["name"] for each in every if "running" in each["state"]]


def test_sidecars_end_with_the_run(cluster: Cluster) -> None:
    jobs = {"sidecars": "success", "sidecars-failing": "failed"}
    runs = {job: cluster.start(f"faults.job.{job}") for job in jobs}
    for job, state in jobs.items():
        dag_id, run_id = f"faults.job.{job}", runs[job]
        assert cluster.api.wait(dag_id, run_id, seconds=240) == state, cluster.log_of(
            dag_id, run_id
        )
    assert "tap_failed" in cluster.log_of("faults.job.sidecars-failing", runs["sidecars-failing"])

    def gone() -> bool:
        return not cluster.pods_of("faults.job.sidecars", run_id=runs["sidecars"])

    wait_for("the pod that succeeded to go", gone, DEAF_SECONDS)

    def kept() -> dict[str, Any] | None:
        (pod,) = cluster.pods_of("faults.job.sidecars-failing", run_id=runs["sidecars-failing"])
        return None if list_running(pod) else pod

    pod = wait_for("the sidecars of the pod that failed to end", kept, DEAF_SECONDS)
    assert pod["status"]["phase"] == "Failed"
    (own,) = [each for each in pod["status"]["containerStatuses"] if each["name"] == "meltano"]
    assert own["state"]["terminated"]["exitCode"] == 1
    log = cluster.core.read_namespaced_pod_log(
        pod["metadata"]["name"], pod["metadata"]["namespace"], container="meltano"
    )
    assert "the source said: no such table" in log
