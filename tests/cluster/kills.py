"""Kills what runs the tasks, in the middle of runs, and counts the tasks that are green wrongly."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.waiting import wait_for
from tools.cluster.access import AIRFLOW_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.running_cluster import Cluster

SYNC = ("faults.slow-a", "faults.slow-b")
DEFERRED = ("faults.slow-c", "faults.slow-d")
ROWS = 40
_END_SECONDS = 300.0
_AIRFLOW = ("--namespace", AIRFLOW_NAMESPACE)


@dataclass
class Tally:
    """What came of the kills.

    Attributes:
        kills: How often which kill was made.
        states: How the tasks ended.
        hit: Tasks that needed more than one try.
        false: Tasks that are green and were not done; each in words.
    """

    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    hit: int = 0
    false: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kills.items()))
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.kills.total()} kills ({kills}); tasks: {states}; {self.hit} of them took "
            f"more than one try; green but not done: {len(self.false)}"
        )


def kill_mid_run(cluster: Cluster, count: int, seed: int) -> Tally:
    """Make at least `count` kills, each in the middle of four runs.

    Kills that hit different ones of the four are made in the same round.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    one, other = SYNC
    kinds: list[dict[str, Callable[[], None]]] = [
        {
            "SIGTERM to the task": lambda: _signal_task(cluster, one, "TERM"),
            "SIGKILL to the task": lambda: _signal_task(cluster, other, "KILL"),
            "triggerer deleted": lambda: _delete(cluster, "triggerer"),
        },
        {"scheduler deleted": lambda: _delete(cluster, "scheduler")},
        {"scheduler killed": lambda: _delete(cluster, "scheduler", "--force", "--grace-period=0")},
    ]
    kinds[1:] = chance.sample(kinds[1:], 2)  # either may be the one that a few kills come to
    tally = Tally()
    for kills in cycle(kinds):
        if tally.kills.total() >= count:
            break
        # A run that did not drain in its grace, on a machine this busy, was killed.
        cluster.forget_runs("faults")
        runs = {dag_id: cluster.start(dag_id) for dag_id in (*SYNC, *DEFERRED)}
        wait_for("all runs to move rows", partial(_all_move, cluster, tuple(runs)), 240)
        for kind, kill in kills.items():
            time.sleep(chance.uniform(0, 8 / len(kills)))
            kill()
            tally.kills[kind] += 1
        for dag_id, run_id in runs.items():
            _judge(cluster, dag_id, run_id, ", ".join(kills), tally)
    lines = written(cluster)
    done = {line["run"] for line in lines if line.get("done")}
    tally.false += [each for each in _green(cluster) if each not in done]
    return tally


def _all_move(cluster: Cluster, dag_ids: tuple[str, ...]) -> bool:
    return all(cluster.pod_that_moves_rows(dag_id) for dag_id in dag_ids)


def written(cluster: Cluster) -> list[dict[str, Any]]:
    """Return what the target wrote, in its order."""
    text = cluster.make("--silent output FILE=faults/numbers.jsonl")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _green(cluster: Cluster) -> list[str]:
    return [
        run["dag_run_id"]
        for dag_id in (*SYNC, *DEFERRED)
        for run in cluster.api.runs(dag_id)
        if run["state"] == "success"
    ]


def _judge(cluster: Cluster, dag_id: str, run_id: str, kind: str, tally: Tally) -> None:
    def ended() -> str | None:
        try:
            state = str(cluster.api.run(dag_id, run_id)["state"])
        except (
            httpx.TransportError
        ):  # the API server's way through the node may be gone for a moment
            return None
        return state if state in ("success", "failed") else None

    state = wait_for(f"the end of {dag_id} {run_id} after: {kind}", ended, _END_SECONDS)
    task = cluster.task_of(dag_id, run_id)
    tally.states[state] += 1
    tally.hit += task["try_number"] > 1
    result = cluster.api.result(dag_id, run_id, task["task_id"]) or {}
    if state == "success" and result.get("outcome") != "succeeded":
        tally.false.append(f"{run_id}: {result}")


def _signal_task(cluster: Cluster, dag_id: str, signal: str) -> None:
    (run,) = [run for run in cluster.api.runs(dag_id) if run["state"] == "running"]
    pid = int(cluster.task_of(dag_id, run["dag_run_id"])["pid"])
    script = f"import os, signal; os.kill({pid}, signal.SIG{signal})"
    where = ("deployment/airflow-scheduler", "--container", "scheduler")
    cluster.kubectl(*_AIRFLOW, "exec", *where, "--", "python", "-c", script)


def _delete(cluster: Cluster, component: str, *how: str) -> None:
    selector = f"app.kubernetes.io/component={component}"
    cluster.kubectl(*_AIRFLOW, "delete", "pods", "--selector", selector, "--wait=false", *how)
