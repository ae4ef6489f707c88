"""Namespaces enforce what they should, and no secret is to be found where people look."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.images.build import AIRFLOW, MELTANO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

SECRET = "meltano-faults-env"
WORKS, FAILS = "faults.job.works", "faults.job.leaking-tap"
_AIRFLOW = ("--namespace", AIRFLOW_NAMESPACE)
_MELTANO = ("--namespace", MELTANO_NAMESPACE)


@pytest.mark.parametrize("namespace", [AIRFLOW_NAMESPACE, MELTANO_NAMESPACE])
def test_a_privileged_pod_is_refused(cluster: Cluster, namespace: str) -> None:
    container = {"name": "a", "image": "a", "securityContext": {"privileged": True}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged"},
        "spec": {"containers": [container]},
    }
    where = ("--namespace", namespace, "create", "--dry-run=server", "-f", "-")
    refused = cluster.try_kubectl(*where, stdin=json.dumps(pod))
    assert refused.returncode
    assert 'violates PodSecurity "restricted' in refused.stderr


def may(cluster: Cluster, account: str, verb: str, what: str, namespace: str) -> bool:
    """Whether an account of Airflow's may do this."""
    who = f"--as=system:serviceaccount:{AIRFLOW_NAMESPACE}:{account}"
    kind, _, part = what.partition("/")
    asked = ("auth", "can-i", verb, kind, f"--subresource={part}", who)
    return cluster.try_kubectl("--namespace", namespace, *asked).returncode == 0


def test_what_airflow_may_do(cluster: Cluster) -> None:
    for account in ("airflow-scheduler", "airflow-triggerer", "airflow-api-server"):
        for what in ("secrets", "configmaps", "pods/exec", "pods/attach", "serviceaccounts/token"):
            for namespace in (AIRFLOW_NAMESPACE, MELTANO_NAMESPACE):
                for verb in ("get", "create"):
                    assert not may(cluster, account, verb, what, namespace), (account, what)
    assert may(cluster, "airflow-scheduler", "create", "pods", MELTANO_NAMESPACE)
    assert may(cluster, "airflow-scheduler", "get", "pods/log", MELTANO_NAMESPACE)
    assert not may(cluster, "airflow-scheduler", "create", "pods", AIRFLOW_NAMESPACE)
    assert not may(cluster, "airflow-triggerer", "create", "pods", MELTANO_NAMESPACE)
    assert not may(cluster, "airflow-api-server", "list", "pods", MELTANO_NAMESPACE)


def _known(cluster: Cluster) -> list[str]:
    """Return a project's canary and the password of its database."""
    path = 'go-template={{index .data "faults-password" | base64decode}}'
    return [
        cluster.canary(),
        cluster.kubectl(*_AIRFLOW, "get", "secret", "airflow-database", "-o", path),
    ]


@pytest.fixture(scope="module")
def secrets(cluster: Cluster) -> Iterator[list[str]]:
    """Put a canary among a project's secrets; run one DAG that works and one that fails."""
    kept = cluster.kubectl(*_MELTANO, "get", "secret", SECRET, "-o", "json")
    canary = cluster.canary()
    more = {"stringData": {"TAP_PASSWORD": canary, "TAP_LEAKS_PASSWORD": canary}}
    cluster.kubectl(*_MELTANO, "patch", "secret", SECRET, "--patch", json.dumps(more))
    runs = {dag_id: cluster.start(dag_id) for dag_id in (WORKS, FAILS)}
    assert cluster.api.wait(WORKS, runs[WORKS], seconds=240) == "success"
    assert cluster.api.wait(FAILS, runs[FAILS], seconds=240) == "failed"
    yield _known(cluster)
    cluster.kubectl(*_MELTANO, "delete", "secret", SECRET)
    cluster.kubectl(*_MELTANO, "create", "-f", "-", stdin=_without_version(kept))


def _without_version(text: str) -> str:
    manifest = json.loads(text)
    for key in ("resourceVersion", "uid", "creationTimestamp"):
        manifest["metadata"].pop(key, None)
    return json.dumps(manifest)


def test_describe_says_what_runs_and_no_secret(cluster: Cluster, secrets: list[str]) -> None:
    (pod,) = cluster.pods_of(FAILS)
    said = cluster.kubectl(*_MELTANO, "describe", "pod", pod["metadata"]["name"])
    words = " ".join(said.split())
    assert "Args: run tap-leaks target" in words
    assert "MELTANO_DATABASE_URI: <set to the key 'MELTANO_DATABASE_URI' in secret" in words
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert not _leaks(secrets, said)


def test_no_secret_in_what_the_cluster_shows(cluster: Cluster, secrets: list[str]) -> None:
    (pod,) = cluster.pods_of(FAILS)
    name = pod["metadata"]["name"]
    log = cluster.kubectl(*_MELTANO, "logs", name)
    assert "cannot connect as reader with" in log  # the tap tried to tell
    events = cluster.kubectl(*_MELTANO, "get", "events", "-o", "yaml")
    for text in (log, json.dumps(pod), events):
        assert not _leaks(secrets, text)


def test_no_secret_in_what_airflow_shows(cluster: Cluster, secrets: list[str]) -> None:
    api = cluster.api
    for dag_id in (WORKS, FAILS):
        (run, *_) = api.runs(dag_id)
        task = cluster.task_of(dag_id, run["dag_run_id"])
        assert task["rendered_fields"]["arguments"]
        shown: list[Any] = [run, task, api.dag(dag_id)]
        shown.append(api.result(dag_id, run["dag_run_id"], task["task_id"]))
        shown.append(api.log(dag_id, run["dag_run_id"], task["task_id"]))
        shown.append(api.call("GET", f"/api/v2/dags/{dag_id}/details"))
        assert not _leaks(secrets, json.dumps(shown))


def test_no_secret_in_airflows_database_and_log_files(cluster: Cluster, secrets: list[str]) -> None:
    # XCom, rendered fields, serialized DAGs and the event log are all in it.
    dump = ("pg_dump", "--host=127.0.0.1", "--username=airflow", "airflow")
    where = ("exec", "airflow-postgresql-0", "--", "bash", "-c")
    text = cluster.kubectl(*_AIRFLOW, *where, f'PGPASSWORD="$POSTGRES_PASSWORD" {" ".join(dump)}')
    assert FAILS in text
    assert not _leaks(secrets, text)
    logs = (
        "exec",
        "deployment/airflow-scheduler",
        "--",
        "sh",
        "-c",
        "cat $(find logs -name '*.log')",
    )
    text = cluster.kubectl(*_AIRFLOW, *logs)
    assert FAILS in text or "tap-leaks" in text
    assert not _leaks(secrets, text)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("image", [AIRFLOW, MELTANO])
def test_no_secret_in_an_image(cluster: Cluster, image: str) -> None:
    secrets = _known(cluster)
    # The clone has the canary in the file `.env` of a project, where people keep such things.
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:  # noqa: S607
        assert saving.stdout is not None
        found, rest = b"", b""
        while chunk := saving.stdout.read(2**22):
            found += b"".join(each.encode() for each in secrets if each.encode() in rest + chunk)
            rest = chunk[-100:]
    assert saving.returncode == 0
    assert not found


def _leaks(secrets: list[str], text: str) -> list[str]:
    """Return the lines that hold a secret."""
    return [line for line in text.splitlines() for secret in secrets if secret in line]
