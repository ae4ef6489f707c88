"""Airflow of `astro dev start` on this machine, its tasks as pods of the kind cluster."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.astro_dev.stand_in import AstroDev, remains
from tests.docs.blocks import code_blocks
from tests.images.engine import docker
from tests.support.checkout import ROOT
from tests.support.waiting import wait_for
from tools.airflow_api import text_of
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.cluster.astro_files import KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster
    from tools.airflow_api import AirflowApi

pytestmark = pytest.mark.timeout(900)

TASK = "tap-outside-to-target"


@pytest.fixture(scope="module")
def astro(cluster: Cluster) -> Iterator[AstroDev]:
    """Start it, connect it, restart it: the steps of docs/how-to/astro-dev.md."""
    typed = "".join(code_blocks(ROOT / "docs" / "how-to" / "astro-dev.md", "bash")).splitlines()
    assert typed[0] == "astro dev start"
    assert typed[-3:] == ["make up", "make astro-kind", "astro dev restart"]
    running = AstroDev(cluster.clone, f"astrodev-{secrets.token_hex(3)}")
    refused = cluster.make("astro-kind", fails=True)
    assert "Start it, `astro dev start`, and run this again" in refused
    try:
        running.begin()  # nothing here waits for an Airflow that is soon to be restarted
        shown = cluster.make("astro-kind")
        assert "`astro dev restart` makes Airflow read it" in shown
        running.restart()
        assert "as they were" in cluster.make("astro-kind")
        yield running
    finally:
        cluster.make("astro-kind OFF=1")
        running.kill()
    assert remains(running.name) == []
    assert (cluster.clone / ".env").read_text() == ""
    assert (
        docker("ps", "--all", "--quiet", "--filter", f"name={cluster.settings.relay}").stdout == ""
    )


def run(astro: AstroDev, dag_id: str) -> tuple[str, str, str]:
    """Run a DAG; return its run, the state in which it ended, and what its task logged."""
    wait_for(f"the DAG {dag_id}", lambda: astro.api.dag(dag_id))
    astro.api.unpause(dag_id)
    run_id = astro.api.trigger(dag_id)
    state = astro.api.wait(dag_id, run_id, seconds=240)
    (task,) = astro.api.tasks(dag_id, run_id)
    return run_id, state, "\n".join(map(text_of, astro.api.log(dag_id, run_id, task["task_id"])))


@pytest.mark.parametrize("dag_id", ["faults.job.outside", "faults.job.outside-deferred"])
def test_the_result_of_a_pod_arrives(astro: AstroDev, dag_id: str) -> None:
    run_id, state, log = run(astro, dag_id)
    assert state == "success", log
    result = astro.api.result(dag_id, run_id, TASK)
    assert result["outcome"] == "succeeded"
    assert astro.api.result(dag_id, run_id, TASK, "pod_namespace") == MELTANO_NAMESPACE
    assert f"in namespace {MELTANO_NAMESPACE}" in log


def deployment_id(api: AirflowApi) -> str | None:
    """Return the id that an Airflow created with its first pod."""
    variables = api.call("GET", "/api/v2/variables?limit=1000")["variables"]
    return {each["key"]: each["value"] for each in variables}.get("meltano_pods.deployment_id")


def test_its_pods_are_told_from_those_of_the_clusters_airflow(
    astro: AstroDev, cluster: Cluster
) -> None:
    dag_id = "faults.job.outside-failing"
    run_id, state, log = run(astro, dag_id)
    assert state == "failed"
    assert "tap_failed" in log
    (pod,) = cluster.pods_of(dag_id, run_id=run_id)
    # Nobody configured it: each Airflow has an id of its own.
    own, theirs = (deployment_id(each.api) for each in (astro, cluster))
    assert pod["metadata"]["labels"]["meltano-pods/deployment"] == own != theirs
    assert pod["metadata"]["labels"]["dag_id"] == dag_id
    (container,) = pod["spec"]["containers"]
    assert container["image"] == f"{cluster.settings.registry_host}/meltano:dev"
    # The reaper of the cluster's Airflow leaves it alone.
    cluster.kubectl("--namespace", MELTANO_NAMESPACE, "delete", "pod", pod["metadata"]["name"])


def test_the_token_opens_no_more_than_it_must(astro: AstroDev, cluster: Cluster) -> None:
    assert astro.run("scheduler", "stat", "--format=%U %a", KUBECONFIG) == "astro 600\n"
    user = json.loads(astro.run("scheduler", "cat", KUBECONFIG))["users"][0]["user"]
    assert list(user) == ["token"]

    def may(verb: str, what: str, namespace: str) -> bool:
        who = ("--token", user["token"], "--kubeconfig", "/dev/null")
        server = ("--server", cluster.kubectl("config", "view", "-o", "jsonpath={..server}"))
        # kubectl reads pods/exec as the pod `exec`.
        kind, _, part = what.partition("/")
        asked = ("--namespace", namespace, "auth", "can-i", verb, kind, f"--subresource={part}")
        flags = (*server, "--insecure-skip-tls-verify")
        return cluster.try_kubectl(*who, *flags, *asked).returncode == 0

    assert may("create", "pods", MELTANO_NAMESPACE)
    # Of a single run, by `airflow_env`: never to be read.
    assert may("create", "secrets", MELTANO_NAMESPACE)
    for what in ("secrets", "configmaps", "pods/exec", "serviceaccounts/token"):
        assert not may("get", what, MELTANO_NAMESPACE)
        assert what == "secrets" or not may("create", what, MELTANO_NAMESPACE)
    for namespace in (AIRFLOW_NAMESPACE, "default"):
        for what in ("pods", "secrets"):
            assert not may("create", what, namespace)


def test_the_token_is_nowhere_but_in_the_volume(astro: AstroDev, cluster: Cluster) -> None:
    text = astro.run("scheduler", "cat", KUBECONFIG)
    token = json.loads(text)["users"][0]["user"]["token"]
    assert token in text
    named = ("--filter", f"name={astro.name}", "--filter", f"name={cluster.settings.relay}")
    containers = docker("ps", "--quiet", *named).stdout.split()
    assert len(containers) > 4
    shown = [docker("inspect", *containers).stdout, docker("logs", cluster.settings.relay).stdout]
    for service in ("scheduler", "triggerer"):
        shown += [astro.run(service, "env"), astro.run(service, "sh", "-c", "cat logs/*/*/*/*.log")]
    shown += [astro.diagnosis(), json.dumps(cluster.get("pods"))]
    # The clone, with what `make` logged.
    for file in cluster.clone.rglob("*"):
        if file.is_file() and not file.is_symlink() and ".venv" not in file.parts:
            with suppress(FileNotFoundError):  # other tests' logs come and go
                shown.append(file.read_bytes().decode(errors="replace"))
    assert not [each for each in shown if token in each]
