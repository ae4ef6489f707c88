"""A pod that has to wait for its turn: the task waits with it, and uses no retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_for
from tools.airflow_api import text_of
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("job", ["gated", "gated-deferred"])
def test_a_gated_pod_runs_when_it_is_admitted(cluster: Cluster, job: str) -> None:
    """As Kueue does it: the pod has its gate until there is room."""
    dag_id = f"faults.job.{job}"
    run_id = cluster.start(dag_id)

    def logged() -> dict[str, Any] | None:
        pods = cluster.pods_of(dag_id, run_id=run_id)
        task = cluster.task_of(dag_id, run_id)
        if not pods or not task["start_date"]:
            return None
        entries = cluster.api.log(dag_id, run_id, task["task_id"])
        waits = any("SchedulingGated: in the queue `nightly`" in text_of(each) for each in entries)
        return pods[0] if waits else None

    pod = wait_for("the wait to be logged", logged, 120)
    assert pod["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "nightly"
    change = [{"op": "remove", "path": "/spec/schedulingGates"}]
    cluster.core.patch_namespaced_pod(pod["metadata"]["name"], MELTANO_NAMESPACE, change)
    assert cluster.api.wait(dag_id, run_id, seconds=240) == "success", cluster.log_of(
        dag_id, run_id
    )
    assert cluster.task_of(dag_id, run_id)["try_number"] == 1
