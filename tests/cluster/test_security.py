"""Namespaces enforce what they should, and no secret is to be found where people look."""

from __future__ import annotations

import hashlib
import json
import subprocess
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.canaries import canary
from tests.support.waiting import wait_for
from tools.airflow_api import AirflowApi
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.images.build import AIRFLOW, MELTANO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

SECRET = "meltano-faults-env"
WORKS, FAILS = "faults.job.works", "faults.job.leaking-tap"
FROM_AIRFLOW = tuple(f"faults.job.from-airflow{end}" for end in ("", "-deferred", "-leaking"))
ENDLESS = "faults.job.from-airflow-endless"
HELD = canary("connection")
CONNECTION = {"connection_id": "canary", "conn_type": "generic", "password": HELD}
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


def test_a_wrong_password_opens_nothing(cluster: Cluster) -> None:
    api = AirflowApi(cluster.settings.airflow_url, "admin", lambda: "wrong")
    with closing(api), pytest.raises(httpx.HTTPStatusError, match="401"):
        api.log_in()


def _known(cluster: Cluster) -> list[str]:
    """Return a project's canary and the password of its database."""
    path = 'go-template={{index .data "faults-password" | base64decode}}'
    return [
        cluster.canary(),
        cluster.kubectl(*_AIRFLOW, "get", "secret", "airflow-database", "-o", path),
        HELD,
    ]


@pytest.fixture(scope="module")
def secrets(cluster: Cluster) -> Iterator[list[str]]:
    """Put a canary among a project's secrets, and one into Airflow; run what works and fails."""
    kept = cluster.kubectl(*_MELTANO, "get", "secret", SECRET, "-o", "json")
    canary = cluster.canary()
    more = {"stringData": {"TAP_PASSWORD": canary, "TAP_LEAKS_PASSWORD": canary}}
    cluster.kubectl(*_MELTANO, "patch", "secret", SECRET, "--patch", json.dumps(more))
    cluster.api.call("POST", "/api/v2/connections", CONNECTION)
    try:
        runs = {dag_id: cluster.start(dag_id) for dag_id in (WORKS, FAILS, *FROM_AIRFLOW)}
        for dag_id, run_id in runs.items():
            state = "failed" if dag_id in (FAILS, FROM_AIRFLOW[2]) else "success"
            assert cluster.api.wait(dag_id, run_id, seconds=240) == state, dag_id
        yield _known(cluster)
    finally:
        cluster.api.call("DELETE", f"/api/v2/connections/{CONNECTION['connection_id']}")
        cluster.kubectl(*_MELTANO, "delete", "secret", SECRET)
        cluster.kubectl(*_MELTANO, "create", "-f", "-", stdin=_without_version(kept))


def _without_version(text: str) -> str:
    manifest = json.loads(text)
    for key in ("resourceVersion", "uid", "creationTimestamp"):
        manifest["metadata"].pop(key, None)
    return json.dumps(manifest)


def test_describe_says_what_runs_and_no_secret(cluster: Cluster, secrets: list[str]) -> None:
    (pod,) = cluster.pods_of(FAILS)
    output = cluster.kubectl(*_MELTANO, "describe", "pod", pod["metadata"]["name"])
    words = " ".join(output.split())
    assert "Args: run tap-leaks target" in words
    assert "MELTANO_DATABASE_URI: <set to the key 'MELTANO_DATABASE_URI' in secret" in words
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert not _leaks(secrets, output)


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
    for dag_id in (WORKS, FAILS, *FROM_AIRFLOW):
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


def test_what_airflow_holds_reaches_the_tap_by_a_secret_of_its_pods(
    cluster: Cluster, secrets: list[str]
) -> None:
    digest = hashlib.sha256(HELD.encode()).hexdigest()[:12]
    for dag_id in FROM_AIRFLOW[:2]:
        (run, *_) = cluster.api.runs(dag_id)
        assert f"the password has the digest {digest}" in cluster.log_of(dag_id, run["dag_run_id"])
    works, deferred, leaks = FROM_AIRFLOW
    (run, *_) = cluster.api.runs(leaks)
    assert "cannot connect as reader with ***" in cluster.log_of(leaks, run["dag_run_id"])
    # The pod of a failed run is kept, and its Secret as long as that.
    (kept,) = cluster.pods_of(leaks)
    own = kept["metadata"]["annotations"]["meltano-pods/secret"]
    assert _secrets_of(cluster, leaks) == [own]
    run_id = cluster.start(ENDLESS)
    name = cluster.running_pod(ENDLESS)
    (pod,) = cluster.pods_of(ENDLESS)
    assert len(_secrets_of(cluster, ENDLESS)) == 1
    log = cluster.kubectl(*_MELTANO, "logs", name)
    for manifest in (pod, kept):
        assert not _leaks(secrets, json.dumps(manifest) + log)
    cluster.api.set_run(ENDLESS, run_id, "failed")
    cluster.kubectl(*_MELTANO, "delete", "pod", kept["metadata"]["name"], "--wait=false")
    for dag_id in (works, deferred, leaks, ENDLESS):
        wait_for(f"no Secret of {dag_id}", partial(_is_clean, cluster, dag_id), 120)


def _secrets_of(cluster: Cluster, dag_id: str) -> list[str]:
    where = ("get", "secrets", "--selector", f"meltano-pods/dag={dag_id}", "-o", "name")
    names = cluster.kubectl(*_MELTANO, *where).split()
    return [name.removeprefix("secret/") for name in names]


def _is_clean(cluster: Cluster, dag_id: str) -> bool:
    return not cluster.pods_of(dag_id) and not _secrets_of(cluster, dag_id)


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
