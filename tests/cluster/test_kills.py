"""A task is green only if it was done, whatever is killed; `KILLS=20` for more of them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.cluster.kills import DEFERRED, SYNC, kill_mid_run, written

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

KILLS = int(os.environ.get("KILLS", "4"))


@pytest.mark.timeout(240 * KILLS)
def test_no_task_is_green_that_was_not_done(cluster: Cluster) -> None:
    seed = time.time_ns()
    tally = kill_mid_run(cluster, KILLS, seed)
    print(f"seed {seed}: {tally}")
    assert not tally.false, f"seed {seed}: {tally}\n{tally.false}"
    assert tally.states["success"], f"seed {seed}: {tally}"
    assert not [
        pod for dag_id in (*SYNC, *DEFERRED) for pod in cluster.pods_of(dag_id, phase="Running")
    ]
    # Nothing is missing from what was written: each schedule counted on from its own bookmark.
    for dag_id in (*SYNC, *DEFERRED):
        runs = {run["dag_run_id"] for run in cluster.api.runs(dag_id)}
        ids = {line["id"] for line in written(cluster) if line["run"] in runs and "id" in line}
        assert ids == set(range(1, max(ids) + 1)), f"seed {seed}: rows of {dag_id} are missing"
