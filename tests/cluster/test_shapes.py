"""Branches, environments, resources of plugins and an override, as pods on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_for
from tools.airflow_api import ENDED

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)

BRANCHES = {"tap-to-target", "tap-other-to-target"}
DAG = "shapes.in-prod"
"""In the environment that sets more than the project does."""


Pods = dict[str, dict[str, Any]]


def test_branches_run_at_once_and_then_what_follows_them(cluster: Cluster) -> None:
    run_id = cluster.start(DAG)
    pods: Pods = {}
    at_once: list[Pods] = []

    def ended() -> bool:
        found = cluster.pods_of(DAG, phase="Running", run_id=run_id)
        running = {each["metadata"]["labels"]["task_id"]: each for each in found}
        if set(running) == BRANCHES:
            at_once.append(running)
        pods.update(running)
        return cluster.api.run(DAG, run_id)["state"] in ENDED

    wait_for("the run to end", ended, 400)
    assert at_once
    _check_pods(pods)
    tasks = {each["task_id"]: each for each in cluster.api.tasks(DAG, run_id)}
    assert {each["state"] for each in tasks.values()} == {"success"}
    for task_id in BRANCHES:
        (pipeline,) = cluster.api.result(DAG, run_id, task_id)["pipelines"]
        assert pipeline["state_id"] == f"prod:{task_id}"
        assert pipeline["state_saved"]


def _check_pods(pods: Pods) -> None:
    for pod in (pods[task_id] for task_id in BRANCHES):
        container = pod["spec"]["containers"][0]
        assert environment_of(container)["MELTANO_ENVIRONMENT"] == "prod"
        assert environment_of(container)["WHERE"] == "production"
        requests = container["resources"]["requests"]
        assert (requests["cpu"], requests["memory"]) == ("50m", "128Mi")
        assert requests["ephemeral-storage"] == "20Mi"
        assert "team" not in pod["metadata"]["labels"]
    last = pods["after-all"]
    assert last["metadata"]["labels"]["team"] == "data"
    assert last["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert last["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "10m"


def test_a_project_without_environments_writes_where_it_says(cluster: Cluster) -> None:
    """Run from the template of `make up`, whose volume is at /output."""
    dag_id = "plain.keep"
    run_id = cluster.start(dag_id)

    def ended() -> str | None:
        state: str = cluster.api.run(dag_id, run_id)["state"]
        return state if state in ENDED else None

    assert wait_for("the run to end", ended, 300) == "success", cluster.log_of(dag_id, run_id)
    lines = cluster.make("--silent output FILE=plain/kept/numbers.jsonl").splitlines()
    assert len([line for line in lines if '"id"' in line]) == 20


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    """Return the plain variables of a container."""
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}
