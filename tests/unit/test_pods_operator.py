"""The Airflow task that runs Meltano as a pod, the cluster being a fake: our own logic only."""

from __future__ import annotations

import logging
import pickle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from meltano_pods.diagnosis import RunFailedError, RunRefusedError
from meltano_pods.errors import DeploymentError
from meltano_pods.pods import MeltanoPodOperator, naming
from meltano_pods.tasks.mapping import TaskRefusedError
from meltano_runner.contract import RESULT_KEY, Category, Outcome, RunResult, encode
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError

from tests.unit import dag_runs
from tests.unit.fake_cluster import FakeCluster, refusal
from tests.unit.pods import OK, RUN, container, ended, event, options
from tests.unit.tasks import place, planned

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeTask = Callable[..., MeltanoPodOperator]

RUNNING = {"phase": "Running", "containerStatuses": [container({"running": {}})]}
FAILED = RunResult(Outcome.FAILED, 1, Category.TARGET_FAILED, "target-b", "PermissionError: out")
NAME = naming.pod_name(RUN)


def over(state: dict[str, Any], **status: Any) -> dict[str, Any]:
    phase = "Succeeded" if state["terminated"]["exitCode"] == 0 else "Failed"
    return {"phase": phase, "containerStatuses": [container(state)], **status}


def waits(reason: str, message: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [container(state)]}


class Clock:
    """Time that passes only when somebody sleeps."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.01)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("start", "launch", "run_pod"):
        monkeypatch.setattr(f"meltano_pods.pods.{module}.time", clock)
    monkeypatch.setattr("tenacity.nap.time.sleep", clock.sleep)
    monkeypatch.setattr(MeltanoPodOperator, "log", logging.getLogger("task of this test"))
    return clock


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(steps=[RUNNING, over(ended())])


@pytest.fixture
def task(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> MakeTask:
    def make(env: dict[str, str] | None = None, **changes: Any) -> MeltanoPodOperator:
        monkeypatch.setattr("meltano_pods.pods.operator.pod_options", lambda *_: options(**changes))
        run = planned("tap-a", "target-b", environment="prod", env=env)
        made = MeltanoPodOperator(
            task_id="tap-a-to-target-b", project=place(), run=run, choices=dag_runs.choices()
        )
        made.__dict__["client"] = cluster
        return made

    return make


def context(**params: Any) -> Any:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="shop.daily", task_id="tap-a-to-target-b", run_id="run1", map_index=-1,
        try_number=1, max_tries=2, id="attempt-1", start_date=None,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )  # fmt: skip
    return {**dag_runs.context(ti, **params), "pushed": pushed}


# It is followed while it runs, or has ended when first seen: long ago, as the fake clock has it.
@pytest.mark.parametrize("steps", [4, 0])
def test_success(
    task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture, steps: int
) -> None:
    whole = encode(OK, max_bytes=None)
    cluster.steps = [*[RUNNING] * steps, over(ended())]
    cluster.log = ["INFO tap-a: hello", "ERROR target-b: oh", f'{{"{RESULT_KEY}":{whole}}}']
    with caplog.at_level(logging.INFO):
        assert task().execute(context()) == OK.as_dict()
    assert [name for name, _ in cluster.deletions] == [NAME]
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "tap-a: hello") in said
    assert ("ERROR", "target-b: oh") in said
    assert any(text.startswith("succeeded: 12 records") for _, text in said)
    assert RESULT_KEY not in caplog.text


def test_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    task(env={"A": "b"}, image="shop:1").execute(context(full_refresh=True, log_level="debug"))
    pod = cluster.created[0]
    run = pod["spec"]["containers"][0]
    assert pod["metadata"]["name"] == NAME
    assert pod["metadata"]["annotations"][naming.ATTEMPT] == "attempt-1"
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
    failure = pickle.loads(pickle.dumps(caught.value)).failure  # noqa: S301
    assert failure.category is Category.TARGET_FAILED
    assert (failure.pod, failure.tries) == (f"meltano/{NAME}", "this was try 1 of 3")
    assert failure.look[0] == f"kubectl --namespace meltano describe pod {NAME}"


def test_the_pod_of_a_lost_worker_can_be_found(task: MakeTask, cluster: FakeCluster) -> None:
    a_task = task()
    a_task.execute(context())
    label = cluster.created[0]["metadata"]["labels"][naming.TASK_INSTANCE]
    (line,) = a_task.ways_to_find(context()["ti"])
    assert line.startswith("kubectl --namespace meltano get pods --selector '")
    assert f"{naming.TASK_INSTANCE}={label}'" in line


def test_kubernetes_own_words_and_the_setting_to_change(
    task: MakeTask, cluster: FakeCluster
) -> None:
    cluster.steps[-1] = over(ended(0, "OOMKilled"))
    with pytest.raises(RunRefusedError) as caught:
        task().execute(context())
    text = str(caught.value)
    assert "kubernetes: OOMKilled: container meltano, exit code 0" in text
    assert "resources: limits: memory" in text
    assert isinstance(caught.value, AirflowFailException)


def test_what_cannot_start_ends_soon_and_leaves_nothing(
    task: MakeTask, cluster: FakeCluster, clock: Clock
) -> None:
    cluster.steps = [waits("CreateContainerConfigError", 'secret "meltano-shop-env" not found')]
    with pytest.raises(RunRefusedError, match="secret_missing") as caught:
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
    (403, 'violates PodSecurity "restricted:latest"', "admission_denied", RunRefusedError),
    (403, 'User "a" cannot create resource "pods"', "forbidden", RunRefusedError),
]


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(
    task: MakeTask, cluster: FakeCluster, case: tuple[int, str, str, type[RunFailedError]]
) -> None:
    status, message, category, kind = case
    cluster.refuse = [refusal(status, message, "Forbidden")]
    with pytest.raises(kind, match=category) as caught:
        task().execute(context())
    assert f"kubernetes: Forbidden: {message} (HTTP 403)" in str(caught.value)
    assert "kubectl" not in str(caught.value).split("fix:")[0]
    assert caught.value.__suppress_context__  # the API's whole answer, headers and all
    assert cluster.requests.count("create") == 1


def test_trouble_that_passes_is_tried_again(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.refuse = [refusal(503), refusal(429)]
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
    made = task(deferred=deferrable)
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


# A killed task: whatever the pod did, and whenever the signal comes.


@pytest.mark.parametrize("after", [over(ended()), over(ended(143)), None], ids=["0", "143", "gone"])
@pytest.mark.parametrize("when", [0, 1])
def test_a_killed_task_is_never_a_success(
    task: MakeTask, cluster: FakeCluster, after: dict[str, Any] | None, when: int
) -> None:
    made = task()
    kept: list[dict[str, Any]] = []

    def kill() -> None:
        kept.append(cluster.pods[NAME])
        made.on_kill()
        if after is not None:
            cluster.pods[NAME] = kept[0]  # it is stopping

    cluster.steps = [RUNNING, RUNNING, after]
    cluster.steps.insert(when, kill)
    with pytest.raises(RunFailedError, match="stopped: ") as caught:
        made.execute(context())
    assert caught.value.category is Category.STOPPED
    assert (NAME, 120) in [(name, how["gracePeriodSeconds"]) for name, how in cluster.deletions]


def test_killed_before_there_is_a_pod(task: MakeTask, cluster: FakeCluster) -> None:
    made = task()
    made.on_kill()
    with pytest.raises(RunFailedError, match="stopped: "):
        made.execute(context())
    assert cluster.created == []


def test_killed_while_the_pod_is_being_made(task: MakeTask, cluster: FakeCluster) -> None:
    made = task()
    real = cluster.create_namespaced_pod

    def create(namespace: str, body: dict[str, Any], **_: object) -> Any:
        made.on_kill()
        return real(namespace, body)

    cluster.create_namespaced_pod = create  # type: ignore[method-assign]
    with pytest.raises(RunFailedError, match="stopped: "):
        made.execute(context())
    assert cluster.pods == {}


def test_on_kill_never_raises(
    task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    made = task()
    made._address = ("meltano", NAME)

    def broken(*_: object, **__: object) -> None:
        raise refusal(403)

    cluster.read_namespaced_pod = broken  # type: ignore[method-assign]
    made.on_kill()
    assert "the reaper will" in caplog.text


# Deferred.


def deferred(made: MeltanoPodOperator) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        made.execute(context())
    return caught.value


def reenter(made: MeltanoPodOperator, **event: Any) -> dict[str, Any]:
    return made.trigger_reentry(
        context(), {"status": "success", "name": NAME, "namespace": "meltano", **event}
    )


def test_deferred(task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture) -> None:
    made = task(deferred=True, stop_grace=30.0)
    trigger = deferred(made).trigger
    assert (trigger.pod_name, trigger.pod_namespace) == (NAME, "meltano")
    assert trigger.termination_grace_period == 30
    assert trigger.base_container_name == "meltano"
    cluster.steps, cluster.log = [over(ended())], ["INFO tap-a: hello"]
    with caplog.at_level(logging.INFO):
        assert reenter(task(deferred=True)) == OK.as_dict()
    assert "tap-a: hello" in caplog.text
    assert cluster.pods == {}


@pytest.mark.parametrize("status", ["success", "failed", "error"])
def test_the_pod_is_believed_and_not_the_trigger(
    task: MakeTask, cluster: FakeCluster, status: str
) -> None:
    deferred(task(deferred=True))
    cluster.steps = [over(ended(0, "OOMKilled"))]
    with pytest.raises(RunFailedError, match="out_of_memory"):
        reenter(task(), status=status, message="m")


def test_a_pod_that_is_gone_is_no_success_whatever_the_trigger_saw(
    task: MakeTask, cluster: FakeCluster
) -> None:
    cluster.pods = {}
    with pytest.raises(RunFailedError, match="pod_lost"):
        reenter(task())


def test_a_trigger_that_gives_up_while_the_pod_goes_on(
    task: MakeTask, cluster: FakeCluster
) -> None:
    deferred(task(deferred=True))
    cluster.steps = [RUNNING]
    made = task(deferred=True)
    with pytest.raises(TaskDeferred):
        reenter(made, status="error", message="Connection reset")
    assert made.trigger_kwargs == {"_redefer_count": 1}
    with pytest.raises(RunFailedError, match="it gave up again and again: Connection reset"):
        reenter(task(), status="error", message="Connection reset", _redefer_count=3)
    assert cluster.pods == {}


def test_a_deadline_of_airflow_ends_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    deferred(task(deferred=True))
    cluster.steps = [RUNNING]
    with pytest.raises(RunFailedError, match="timed_out"):
        reenter(task(), status="timeout", message="execution_timeout")
    assert cluster.pods == {}


def test_a_pod_that_does_not_start_while_deferred(task: MakeTask, cluster: FakeCluster) -> None:
    deferred(task(deferred=True))
    cluster.steps = [waits("ImagePullBackOff", 'Back-off pulling image "x"')]
    with pytest.raises(RunRefusedError, match="image_pull"):
        reenter(task(), status="error", message="pod launch failed")
    assert cluster.pods == {}


# What Airflow shows, and what it is given.


def test_rendered_fields_hold_arguments_and_plain_values_only(task: MakeTask) -> None:
    made = task(env={"A": "{{ ds }}"})
    assert tuple(made.template_fields) == ("arguments", "env", "state_id_suffix")
    made.render_template_fields({"ds": "2026-01-02"})
    assert made.env == {"A": "2026-01-02"}


def test_the_suffix_is_checked_after_it_was_rendered(task: MakeTask, cluster: FakeCluster) -> None:
    made = task()
    made.state_id_suffix = "{{ params.tenant }}"
    made.render_template_fields({"params": {"tenant": "north"}})
    made.execute(context())
    args = cluster.created[0]["spec"]["containers"][0]["args"]
    assert args == ["run", "tap-a", "target-b", "--state-id-suffix=north"]
    cluster.created.clear()
    for wrong in ("", "--force", "a b", "{{ params.tenant }}"):
        made = task()
        made.state_id_suffix = wrong
        with pytest.raises(TaskRefusedError, match="1 to 63 letters"):
            made.execute(context())
    assert cluster.created == []


def test_a_mapped_task_has_a_suffix(task: MakeTask, cluster: FakeCluster) -> None:
    found = context()
    found["ti"].map_index = 0
    with pytest.raises(AirflowFailException, match="item 0 of the mapped task has no"):
        task().execute(found)
    assert cluster.created == []


def test_arguments_about_pods_are_refused() -> None:
    with pytest.raises(DeploymentError, match="takes no `affinity`, `image`"):
        MeltanoPodOperator(
            task_id="t", project=place(), run=planned("tap-a"), image="x", affinity={}
        )


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
    assert made._task_run(found["ti"]).cleared_tries == cleared


def test_a_pod_that_succeeded_without_its_task_is_not_run_again_nor_waited_for(
    task: MakeTask, cluster: FakeCluster
) -> None:
    # Its worker died; the next try finds it done, and has nothing to defer for.
    first = task(deferred=True)
    with pytest.raises(TaskDeferred):
        first.execute(context())
    (pod,) = cluster.pods.values()
    pod["status"] = over(ended())
    again = context()
    again["ti"].try_number, again["ti"].id = 2, "attempt-2"
    second = task(deferred=True)
    second.retries = 2
    assert second.execute(again) == OK.as_dict()
    assert cluster.requests.count("create") == 1
    assert cluster.pods == {}


# What Airflow shows of it.


def test_the_tasks_page_shows_what_the_run_did(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended())]
    found = context()
    task().execute(found)
    assert found["pushed"]["summary"].startswith("succeeded: 12 records in 3.0 s")
    assert found["pushed"]["pod_name"] == NAME


def test_it_also_shows_what_a_failed_run_did(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended(1, message=FAILED))]
    found = context()
    with pytest.raises(RunFailedError):
        task().execute(found)
    assert found["pushed"]["summary"].startswith("failed: ")


def test_what_may_not_be_pushed_hides_no_failure(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended(1, message=FAILED))]
    found = context()

    def push(key: str, **_: object) -> None:
        assert key != "summary"

    found["ti"].xcom_push = push
    with pytest.raises(RunFailedError, match="target_failed"):
        task().execute(found)


def test_links(task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = task()
    (result,) = plain.operator_extra_links
    found = context()
    page = "/dags/shop.daily/runs/run1/tasks/tap-a-to-target-b/xcom"
    assert result.get_link(plain, ti_key=found["ti"]) == page
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/data/")
    found["ti"].map_index = 3
    plain.state_id_suffix = "c"
    assert result.get_link(plain, ti_key=found["ti"]) == (
        f"https://airflow.example.com/data{page.removesuffix('/xcom')}/mapped/3/xcom"
    )
    made = task(log_url="https://logs.example.com/{namespace}/{pod}")
    made.state_id_suffix = "c"
    log, _ = made.operator_extra_links
    assert log.get_link(made, ti_key=found["ti"]) == ""
    cluster.steps = [over(ended())]
    made.execute(found)
    name = cluster.created[0]["metadata"]["name"]
    assert log.get_link(made, ti_key=found["ti"]) == f"https://logs.example.com/meltano/{name}"
    # While the run goes on, too.
    assert found["pushed"][log.xcom_key] == f"https://logs.example.com/meltano/{name}"
