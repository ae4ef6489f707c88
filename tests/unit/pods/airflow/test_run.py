"""The Airflow task that runs Meltano as a pod, the cluster being a fake: our own logic only."""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.sdk.exceptions import AirflowFailException
from meltano_pods.failures import NonRetryableRunError, RunFailedError
from meltano_pods.pods.airflow.request import build_try
from meltano_pods.pods.spec import naming
from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import RESULT_KEY, encode_result
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError

from tests.support.fake_cluster import FakeCluster, refusal
from tests.support.pods import FAILED, OK, RUNNING, ended, event, over, waits
from tests.unit.pods.airflow.runs import NAME, context, deferred, reenter

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.unit.pods.airflow.runs import MakeTask


# It is followed while it runs, or has ended when first seen: long ago, as the fake clock has it.
@pytest.mark.parametrize("steps", [4, 0])
def test_success(
    task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture, steps: int
) -> None:
    whole = encode_result(OK, max_bytes=None)
    cluster.steps = [*[RUNNING] * steps, over(ended())]
    cluster.log = ["INFO tap-a: hello", "ERROR target-b: oh", f'{{"{RESULT_KEY}":{whole}}}']
    with caplog.at_level(logging.INFO):
        assert task().execute(context()) == OK.as_dict()
    assert [name for name, _ in cluster.deletions] == [NAME]
    content = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "tap-a: hello") in content
    assert ("ERROR", "target-b: oh") in content
    assert any(text.startswith("succeeded: 12 records") for _, text in content)
    assert RESULT_KEY not in caplog.text


def test_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    task(env={"A": "b"}, image="shop:1").execute(context(full_refresh=True, log_level="debug"))
    pod = cluster.created[0]
    run = pod["spec"]["containers"][0]
    assert pod["metadata"]["name"] == NAME
    assert pod["metadata"]["annotations"][naming.TI_ID] == "attempt-1"
    assert run["args"] == ["run", "tap-a", "target-b", "--full-refresh"]
    assert run["image"] == "shop:1"
    env = {each["name"]: each.get("value") for each in run["env"]}
    assert env["A"] == "b"
    assert env["MELTANO_CLI_LOG_LEVEL"] == "debug"
    assert env["MELTANO_ENVIRONMENT"] == "prod"
    assert env["MELTANO_PODS_DATA_INTERVAL_START"] == "2026-01-01T00:00:00Z"


def test_failure_explains_itself_and_keeps_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps[-1] = over(ended(1, message=FAILED))
    with pytest.raises(RunFailedError) as caught:
        task().execute(context())
    text = str(caught.value)
    for part in (
        "target_failed: The target (loader) ended with an error.",
        "plugin: target-b",
        "error: PermissionError: out",
        "retry: this was try 1 of 3",
        f"look: kubectl --namespace meltano describe pod {NAME}",
        f"kubectl --namespace meltano logs {NAME}",
        f"where: shop: meltano-runner run tap-a target-b; pod meltano/{NAME}",
        "fix: Read the target's error above",
    ):
        assert part in text
    assert cluster.deletions == []
    record = pickle.loads(pickle.dumps(caught.value)).record  # noqa: S301
    assert record.category is Category.TARGET_FAILED
    assert (record.task.try_number, record.task.max_tries) == (1, 3)
    assert record.pod.name == f"meltano/{NAME}"
    assert record.pod.commands[0] == f"kubectl --namespace meltano describe pod {NAME}"


def test_the_pod_of_a_lost_worker_can_be_found(task: MakeTask, cluster: FakeCluster) -> None:
    a_task = task()
    a_task.execute(context())
    label = cluster.created[0]["metadata"]["labels"][naming.TASK_INSTANCE]
    (line,) = a_task.list_pod_commands(context()["ti"])
    assert line.startswith("kubectl --namespace meltano get pods --selector '")
    assert f"{naming.TASK_INSTANCE}={label}'" in line


def test_kubernetes_own_words_and_the_setting_to_change(
    task: MakeTask, cluster: FakeCluster
) -> None:
    cluster.steps[-1] = over(ended(0, "OOMKilled"))
    with pytest.raises(NonRetryableRunError) as caught:
        task().execute(context())
    text = str(caught.value)
    assert "kubernetes: OOMKilled: container meltano, exit code 0" in text
    assert "resources: limits: memory" in text
    assert isinstance(caught.value, AirflowFailException)


def test_what_cannot_start_ends_soon_and_leaves_nothing(
    task: MakeTask, cluster: FakeCluster, clock: Clock
) -> None:
    cluster.steps = [waits("CreateContainerConfigError", 'secret "meltano-shop-env" not found')]
    with pytest.raises(NonRetryableRunError, match="secret_missing") as caught:
        task().execute(context())
    assert 'kubernetes: CreateContainerConfigError: secret "meltano-shop-env" not found' in str(
        caught.value
    )
    assert f"get events --field-selector involvedObject.name={NAME}" in str(caught.value)
    assert clock.now < 20
    assert cluster.pods == {}


def test_a_secret_that_comes_late_is_waited_for(task: MakeTask, cluster: FakeCluster) -> None:
    late = waits("CreateContainerConfigError", 'secret "meltano-shop-env" not found')
    cluster.steps = [*[late] * 5, RUNNING, over(ended())]
    assert task().execute(context())["outcome"] == "succeeded"


def test_start_timeout(task: MakeTask, cluster: FakeCluster, clock: Clock) -> None:
    condition = {
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 Insufficient cpu.",
    }  # fmt: skip
    cluster.steps = [{"phase": "Pending", "conditions": [condition]}]
    with pytest.raises(RunFailedError, match="unschedulable") as caught:
        task(start_timeout=60.0).execute(context())
    assert "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu." in str(caught.value)
    assert 60 <= clock.now < 70
    assert cluster.pods == {}


REFUSALS = [
    (403, "exceeded quota: q, requested: pods=1", "quota_exceeded", RunFailedError),
    (403, 'violates PodSecurity "restricted:latest"', "admission_denied", NonRetryableRunError),
    (403, 'User "a" cannot create resource "pods"', "forbidden", NonRetryableRunError),
]


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(
    task: MakeTask, cluster: FakeCluster, case: tuple[int, str, str, type[RunFailedError]]
) -> None:
    status, message, category, kind = case
    cluster.rejections = [refusal(status, message, "Forbidden")]
    with pytest.raises(kind, match=category) as caught:
        task().execute(context())
    assert f"kubernetes: Forbidden: {message} (HTTP 403)" in str(caught.value)
    assert "kubectl" not in str(caught.value).split("fix:")[0]
    assert caught.value.__suppress_context__  # the API's whole answer, headers and all
    assert cluster.requests.count("create") == 1


def test_trouble_that_passes_is_tried_again(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.rejections = [refusal(503), refusal(429)]
    assert task().execute(context())["outcome"] == "succeeded"


@pytest.mark.parametrize("how", ["list_namespaced_pod", "create_namespaced_pod"])
def test_a_cluster_that_does_not_answer(
    task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise MaxRetryError(HTTPConnectionPool("cluster.example.com"), "/api/v1", None)

    monkeypatch.setattr(cluster, how, nothing)
    with pytest.raises(RunFailedError, match="unknown: ") as caught:
        task().execute(context())
    assert "kubernetes: no answer: " in str(caught.value)
    assert "cluster.example.com" in str(caught.value)


def test_a_cluster_that_falls_silent_leaves_the_pod_to_the_next_try(
    task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise refusal(503, "etcdserver: leader changed", "ServiceUnavailable")

    cluster.steps = [lambda: monkeypatch.setattr(cluster, "read_namespaced_pod", nothing), RUNNING]
    with pytest.raises(RunFailedError, match="unknown: ") as caught:
        task().execute(context())
    assert "ServiceUnavailable: etcdserver: leader changed (HTTP 503)" in str(caught.value)
    assert list(cluster.pods) == [NAME]


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_log_that_cannot_be_read_hides_no_end(
    task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, status: int,
    deferrable: bool,
) -> None:  # fmt: skip
    # The pod had no room on its node: its container never was.
    over_full = {"phase": "Failed", "reason": "OutOfcpu", "message": "Node had no cpu"}

    def log(*_: object, **__: object) -> None:
        raise refusal(status)

    monkeypatch.setattr(cluster, "read_namespaced_pod_log", log)
    cluster.steps = [over_full]
    made = task(deferrable=deferrable)
    if deferrable:
        cluster.steps = [RUNNING]
        deferred(made)
        cluster.steps = [over_full]
    with pytest.raises(RunFailedError, match="unschedulable: ") as caught:
        reenter(made) if deferrable else made.execute(context())
    assert "kubernetes: OutOfcpu: Node had no cpu" in str(caught.value)


def test_an_answer_that_got_lost(task: MakeTask, cluster: FakeCluster) -> None:
    made = task()
    # The pod is there, but what came back was an error; the second request meets the first's pod.
    real = cluster.create_namespaced_pod

    def create(namespace: str, body: dict[str, Any], **_: object) -> Any:
        if not cluster.created:
            real(namespace, body)
            raise refusal(504)
        return real(namespace, body)

    cluster.create_namespaced_pod = create  # type: ignore[method-assign]
    assert made.execute(context())["outcome"] == "succeeded"
    assert len(cluster.created) == 1


def test_a_pod_that_vanishes(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [RUNNING, None]
    cluster.events = [event("Preempted", "Preempted by pod x on node y")]
    with pytest.raises(RunFailedError, match="preempted") as caught:
        task().execute(context())
    assert "kubernetes: Preempted: Preempted by pod x on node y" in str(caught.value)


def test_no_secret_value_is_in_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    task().execute(context())
    run = cluster.created[0]["spec"]["containers"][0]
    uri = next(each for each in run["env"] if each["name"] == "MELTANO_DATABASE_URI")
    assert "value" not in uri
    assert uri["valueFrom"]["secretKeyRef"]["name"] == "meltano-shop-env"


@pytest.mark.parametrize(("max_tries", "cleared"), [(2, 0), (3, 1), (5, 3), (1, 0)])
def test_how_many_tries_were_cleared_is_known(task: MakeTask, max_tries: int, cleared: int) -> None:
    made = task()
    made.retries = 2
    found = context()
    found["ti"].max_tries = max_tries
    assert build_try(made, found["ti"]).cleared_tries == cleared
