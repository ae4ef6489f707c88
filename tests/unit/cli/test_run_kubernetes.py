"""A task in a pod without Airflow, the cluster being a fake: our own logic only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.cli import run_kubernetes
from meltano_pods.cli.cluster import Cluster
from meltano_pods.cli.main import main
from meltano_pods.pods.spec import naming
from meltano_runner.contract.message import RESULT_KEY, encode_result

from tests.support.clock import Clock
from tests.support.fake_cluster import FakeCluster, refusal
from tests.support.pods import FAILED, OK, RUNNING, TEMPLATES, ended, over, waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.projects import MakeProject

    Run = Callable[..., tuple[int, str, str]]

IMAGE = "ghcr.io/acme/meltano@sha256:0a"
PROJECT = """\
plugins:
  extractors: [{name: tap-a}]
  loaders: [{name: target-b}]
jobs:
- {name: load, tasks: tap-a target-b}
annotations: {meltano_pods: {start_timeout: 60s}}
"""


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(steps=[*[RUNNING] * 4, over(ended())])


@pytest.fixture
def run(
    make_project: MakeProject, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    root = make_project(PROJECT).parents[1]
    (root / "k8s").mkdir()
    (root / "k8s" / "pod_templates").symlink_to(TEMPLATES)
    monkeypatch.chdir(root)
    clock = Clock()
    monkeypatch.setattr("meltano_pods.pods.cluster.driver.time", clock)
    reached = Cluster(None, name="here", namespace=None, server="https://c")
    monkeypatch.setattr("meltano_pods.cli.cluster.connect", lambda *_: reached)
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__IMAGE", IMAGE)
    monkeypatch.setattr(run_kubernetes, "CoreV1Api", lambda _: cluster)

    def call(*more: str, dag_id: str = "shop.job.load") -> tuple[int, str, str]:
        code = main(["run", dag_id, "--kubernetes", *more])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_success(run: Run, cluster: FakeCluster) -> None:
    whole = encode_result(OK, max_bytes=None)
    cluster.log = ["INFO tap-a: hello", "ERROR target-b: oh", f'{{"{RESULT_KEY}":{whole}}}']
    code, out, err = run()
    assert (code, out) == (
        0,
        "tap-a-to-target-b: succeeded, 12 records extracted, loaded: unknown\n",
    )
    assert "tap-a: hello\n" in err
    assert "ERROR target-b: oh\n" in err
    assert RESULT_KEY not in err
    (pod,) = cluster.created
    assert err.startswith(f"Cluster here (https://c), namespace meltano, image {IMAGE}\n")
    assert pod["spec"]["containers"][0]["image"] == IMAGE
    assert pod["spec"]["containers"][0]["args"] == ["run", "tap-a", "target-b"]
    assert pod["metadata"]["namespace"] == "meltano"
    # By this the reaper would find that Airflow knows of no such run, and take it for over.
    assert naming.RUN_ID not in pod["metadata"]["annotations"]
    assert cluster.pods == {}


def test_an_image_that_no_cluster_can_pull(
    run: Run, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__MELTANO_PODS__IMAGE")
    code, _, err = run()
    assert code == 1
    assert "no image is set that a cluster can pull: `meltano-pods/meltano:dev` exists" in err
    assert cluster.requests == []
    # What `make push`, which the fix names, does in the end.
    image = "ghcr.io/acme/meltano@sha256:0b"
    Path("Dockerfile").write_text(f'FROM x\nENV AIRFLOW__MELTANO_PODS__IMAGE={image}\nENV A=""\n')
    assert run()[0] == 0
    assert cluster.created[0]["spec"]["containers"][0]["image"] == image


def test_failure_explains_itself_and_keeps_the_pod(run: Run, cluster: FakeCluster) -> None:
    cluster.steps[-1] = over(ended(1, message=FAILED))
    code, out, err = run("--format", "json")
    assert code == 1
    assert json.loads(out)[0]["category"] == "target_failed"
    (name,) = cluster.pods
    for words in (
        "target_failed: The target (loader) ended with an error.",
        f"look: kubectl --context here --namespace meltano describe pod {name}",
        "fix: Read the target's error above",
    ):
        assert words in err


def test_what_does_not_start_ends_soon_and_leaves_nothing(run: Run, cluster: FakeCluster) -> None:
    cluster.steps = [waits("CreateContainerConfigError", 'secret "meltano-shop-env" not found')]
    code, _, err = run()
    assert code == 1
    assert "secret_missing" in err
    assert cluster.pods == {}


def test_what_airflow_holds_comes_by_a_secret_of_the_pods(
    run: Run, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path("meltano/shop/meltano.yml")
    more = "annotations: {meltano_pods: {airflow_env: {DB: {connection: shop_db}}}}"
    file.write_text(PROJECT.replace("annotations: {meltano_pods: {start_timeout: 60s}}", more))
    code, _, err = run()
    assert code == 1
    assert "Airflow has no connection `shop_db`" in err
    assert not cluster.created
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", "postgres://me:hunter22@db/x")
    code, out, err = run()
    assert code == 0
    (secret,) = cluster.secrets.values()
    assert secret["stringData"] == {"DB": "postgresql://me:hunter22@db/x"}
    assert secret["metadata"]["ownerReferences"][0]["uid"] == cluster.created[0]["metadata"]["uid"]
    assert "hunter22" not in out + err + json.dumps(cluster.created)
    cluster.refuse_secrets = [refusal(403, 'User "me" cannot create resource', "Forbidden")]
    cluster.steps = [waits("ContainerCreating")]
    code, _, err = run()
    assert code == 1
    assert "grant `create` on `secrets`" in err
    assert cluster.pods == {}


def test_what_the_cluster_refuses(run: Run, cluster: FakeCluster) -> None:
    cluster.rejections = [refusal(403, "exceeded quota: q, requested: pods=1", "Forbidden")]
    code, _, err = run()
    assert code == 1
    assert "quota_exceeded" in err


def test_a_pod_that_somebody_deletes(run: Run, cluster: FakeCluster) -> None:
    cluster.steps = [RUNNING, None]
    code, _, err = run()
    assert code == 1
    assert "pod_lost" in err


def test_a_cluster_that_falls_silent_leaves_the_pod(
    run: Run, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise refusal(503, reason="ServiceUnavailable")

    cluster.steps = [lambda: monkeypatch.setattr(cluster, "read_namespaced_pod", nothing), RUNNING]
    code, _, err = run()
    assert code == 1
    assert "the cluster rejects the request: ServiceUnavailable (HTTP 503)" in err
    assert len(cluster.pods) == 1


@pytest.mark.parametrize("wait", [False, True])
def test_a_pod_of_the_same_task_is_refused_or_waited_for(
    run: Run, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, *, wait: bool
) -> None:
    dag_id, task_id = "shop.job.load", "tap-a-to-target-b"
    labels = {naming.MANAGED_BY: naming.VENDOR, naming.DAG: dag_id, naming.TASK: task_id}
    metadata = {"name": "other", "uid": "u", "labels": labels}
    other: dict[str, Any] = {"metadata": metadata, "status": RUNNING}
    cluster.pods["other"] = other
    clock = Clock()
    real_sleep = clock.sleep

    def sleep(seconds: float) -> None:
        real_sleep(seconds)
        other["status"] = over(ended())

    monkeypatch.setattr(clock, "sleep", sleep)
    monkeypatch.setattr("meltano_pods.pods.cluster.driver.time", clock)
    code, _, err = run(*(["--wait"] if wait else []))
    selector = f"list {naming.SELECTOR},{naming.DAG}=shop.job.load,{naming.TASK}=tap-a-to-target-b"
    assert selector in cluster.requests
    if wait:
        assert code == 0
        assert "Waiting for the end of pod other" in err
    else:
        assert code == 1
        assert "the task is already running in pod other" in err
        assert cluster.created == []


def test_interrupted(run: Run, cluster: FakeCluster) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    cluster.steps = [RUNNING, interrupt]
    code, _, err = run()
    assert code == 130
    assert "which saves its state" in err
    assert cluster.pods == {}
