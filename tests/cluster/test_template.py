"""Pods without Airflow, from the templates for other clusters: meltano.yml decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.message import decode_result
from meltano_runner.contract.result import Outcome

from tests.docs.tutorial import typed_in
from tests.support.checkout import ROOT
from tests.support.clone import typed
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

PAGE = ROOT / "docs" / "how-to" / "kubernetes.md"
NAMESPACE = "without-airflow"
DAG = "plain.look"
_DATABASE = "sqlite:////scratch/meltano.db"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE)


@pytest.mark.timeout(600)
def test_a_project_without_environments_keeps_its_destination(
    cluster: Cluster, namespace: str
) -> None:
    # As the page says, in a namespace of the test's own, for a project of the tests. The page's
    # last command follows the log.
    commands, _, logs = typed_in(PAGE, "Without Airflow").commands.rstrip().rpartition("\n")
    assert "logs --follow" in logs
    commands = (
        commands.replace("orders.daily", DAG)
        .replace("orders", "plain")
        .replace("postgresql://user:password@host:5432/meltano", _DATABASE)
        .replace("namespace meltano", f"namespace {namespace}")
        .replace("default |", f"default | sed 's/^  namespace: .*/  namespace: {namespace}/' |")
    )
    environment = {
        "KUBECONFIG": str(cluster.kubeconfig),
        "PATH": f"{cluster.tool('kubectl').parent}:/usr/local/bin:/usr/bin:/bin",
    }
    typed(cluster.clone, commands, environment=environment)
    _check(cluster)

    # The same from Astro's template, which uses the namespace of the user who applies it.
    secret = ("create", "secret", "generic", "env-secrets")
    cluster.kubectl(
        "--namespace", namespace, *secret, f"--from-literal=MELTANO_DATABASE_URI={_DATABASE}"
    )
    cluster.kubectl("--namespace", namespace, "delete", "pod", "--all")
    pods = typed(cluster.clone, ".venv/bin/meltano-pods plan plain --pods astro")
    selected = ("apply", "--selector", f"meltano-pods/dag={DAG}", "--filename", "-")
    cluster.kubectl("--namespace", namespace, *selected, stdin=pods)
    _check(cluster)


def _check(cluster: Cluster) -> None:
    where = ("--namespace", NAMESPACE)
    pod = ("--selector", f"meltano-pods/dag={DAG}")
    path = "jsonpath={.items[0].status.containerStatuses[0].state.terminated.message}"
    message = wait_for(
        "the pod's result", lambda: cluster.kubectl(*where, "get", "pod", *pod, "-o", path) or None
    )
    result = decode_result(message)
    assert result.outcome is Outcome.SUCCEEDED, result
    assert result.extracted == 20
    # Where meltano.yml says that rows go, and not where a template might.
    log = cluster.kubectl(*where, "logs", "--tail=-1", *pod)
    assert "wrote to /scratch/mine/numbers.jsonl" in log
