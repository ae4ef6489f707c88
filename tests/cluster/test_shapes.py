"""Branches, environments, resources of plugins and an override, as pods on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(600)

BRANCHES = {"tap-to-target", "tap-other-to-target"}
WHERE = {"dev": "development", "prod": "production"}


@pytest.mark.parametrize("environment", WHERE)
def test_branches_run_at_once_and_then_what_follows_them(
    cluster: Cluster, environment: str
) -> None:
    dag_id = f"shapes.in-{environment}"
    run_id = cluster.start(dag_id)

    def pods() -> dict[str, dict[str, Any]]:
        running = cluster.pods_of(dag_id, phase="Running", run_id=run_id)
        return {each["metadata"]["labels"]["task_id"]: each for each in running}

    def both() -> dict[str, dict[str, Any]] | None:
        found = pods()
        return found if set(found) == BRANCHES else None

    for pod in wait_for("the pods of both branches", both, 240).values():
        container = pod["spec"]["containers"][0]
        assert environment_of(container)["MELTANO_ENVIRONMENT"] == environment
        assert environment_of(container)["WHERE"] == WHERE[environment]
        requests = container["resources"]["requests"]
        assert (requests["cpu"], requests["memory"]) == ("50m", "128Mi")
        assert (requests.get("ephemeral-storage") == "20Mi") == (environment == "prod")
        assert "team" not in pod["metadata"]["labels"]

    last = wait_for("the pod that follows them", lambda: pods().get("after-all"), 240)
    assert last["metadata"]["labels"]["team"] == "data"
    assert last["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert last["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "10m"
    wait_for(
        "the run to end",
        lambda: cluster.api.run(dag_id, run_id)["state"] in ("success", "failed"),
        120,
    )
    tasks = {each["task_id"]: each for each in cluster.api.tasks(dag_id, run_id)}
    assert {each["state"] for each in tasks.values()} == {"success"}
    for task_id in BRANCHES:
        (pipeline,) = cluster.api.result(dag_id, run_id, task_id)["pipelines"]
        assert pipeline["state_id"] == f"{environment}:{task_id}"
        assert pipeline["state_saved"]


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    """Return the plain variables of a container."""
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}
