"""A task instance never has two running pods: adoption, and waiting for earlier tries."""

from __future__ import annotations

import logging
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.diagnose.api_errors import ApiError
from meltano_pods.pods.diagnose.status import is_overdue
from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.launch import StillRunningError, launch
from meltano_pods.pods.lifecycle.reap import reap
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod

from tests.support.clock import Clock
from tests.support.fake_cluster import FakeCluster, refusal
from tests.support.pods import RUN, RUNNING, SMALL, container, ended, options, over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client.exceptions import ApiException

LOG = logging.getLogger("launch")
RETRY = replace(RUN, try_number=2, ti_id="attempt-2")
DONE = over(ended())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("meltano_pods.pods.cluster.driver.time", clock)
    return clock


def made(run: naming.TaskInstanceTry = RUN, *arguments: str) -> dict[str, Any]:
    return build_pod(SMALL, options(), RunSpec(arguments or ("run", "a", "b"), None, {}), run)


def there(
    cluster: FakeCluster, run: naming.TaskInstanceTry, status: dict[str, Any], **meta: Any
) -> str:
    pod = deepcopy(made(run))
    pod["metadata"] |= {"uid": "earlier", "creationTimestamp": "2026-01-02T03:04:00Z", **meta}
    pod["status"] = status
    name: str = pod["metadata"]["name"]
    cluster.pods[name] = pod
    return name


def driver(cluster: FakeCluster) -> ClusterDriver:
    api: Any = cluster
    return ClusterDriver(lambda: api, "meltano", LOG)


def start(cluster: FakeCluster, run: naming.TaskInstanceTry = RETRY, *arguments: str) -> str:
    steps = launch(made(run, *arguments), run, WaitPolicy(600, lambda: False, LOG))
    found = driver(cluster).drive(steps)
    name: str = found["metadata"]["name"]
    return name


def test_a_first_try_creates() -> None:
    cluster = FakeCluster()
    assert start(cluster, RUN) == naming.build_pod_name(RUN)
    assert cluster.requests == [f"list {naming.select_task_instance(RUN)}", "create"]


def test_a_cleared_task_begins_anew_but_keeps_what_it_made_itself() -> None:
    cluster = FakeCluster()
    earlier = there(cluster, RUN, RUNNING)
    cleared = replace(RETRY, cleared_tries=1)
    name = start(cluster, cleared)
    assert name == naming.build_pod_name(RETRY)
    assert [deleted for deleted, _ in cluster.deletions] == [earlier]
    cluster.pods[name]["status"] = RUNNING
    assert start(cluster, cleared) == name
    # A retry of it adopts what came after the clear.
    assert start(cluster, replace(cleared, try_number=3, ti_id="attempt-3")) == name


def test_a_pod_whose_worker_died_is_adopted() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, RUNNING)
    assert start(cluster) == name
    assert cluster.created == []
    assert cluster.deletions == []


@pytest.mark.parametrize("status", [RUNNING, DONE])
def test_a_try_that_begins_anew_finds_its_own_pod(status: dict[str, Any]) -> None:
    cluster = FakeCluster()
    there(cluster, RETRY, status)
    assert start(cluster) == naming.build_pod_name(RETRY)
    assert cluster.created == []


def test_what_an_earlier_try_did_with_success_is_not_done_again() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, DONE)
    assert start(cluster) == name
    assert cluster.created == []


@pytest.mark.parametrize("state", [ended(1, message=""), ended(0, "OOMKilled"), ended(0, None, "")])
def test_what_an_earlier_try_failed_at_is_done_again(state: dict[str, Any]) -> None:
    cluster = FakeCluster()
    there(cluster, RUN, {"phase": "Failed", "containerStatuses": [container(state)]})
    assert start(cluster) == naming.build_pod_name(RETRY)
    assert cluster.deletions == []  # it is kept for a look at it


def test_another_task_instance_of_the_same_name_makes_room() -> None:
    # A DAG run was deleted and made again: same ids, same try, another attempt.
    cluster = FakeCluster()
    name = there(cluster, RUN, DONE)
    again = replace(RUN, ti_id="attempt-9")
    assert start(cluster, again) == name
    assert cluster.deletions == [(name, {"preconditions": {"uid": "earlier"}})]
    assert cluster.pods[name]["metadata"]["annotations"][naming.TI_ID] == "attempt-9"


def test_one_that_does_something_else_is_stopped_first() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, RUNNING)
    assert start(cluster, RETRY, "run", "a", "b", "--full-refresh") == naming.build_pod_name(RETRY)
    assert cluster.deletions == [(name, {"preconditions": {"uid": "earlier"}})]
    assert name not in cluster.pods


def test_one_that_is_stopping_is_waited_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, RUNNING, deletionTimestamp="2026-01-02T03:06:00Z")
    looks = iter(range(5))
    real = cluster.read_namespaced_pod

    def read(wanted: str, namespace: str, **_: object) -> object:
        if next(looks, None) is None:
            cluster.pods.pop(name, None)
        return real(wanted, namespace)

    monkeypatch.setattr(cluster, "read_namespaced_pod", read)
    assert start(cluster) == naming.build_pod_name(RETRY)
    assert cluster.deletions == []
    assert clock.now >= 5


def test_one_that_does_not_end_is_not_run_over(clock: Clock) -> None:
    cluster = FakeCluster()
    there(cluster, RUN, RUNNING, deletionTimestamp="2026-01-02T03:06:00Z")
    with pytest.raises(StillRunningError, match="is still there"):
        start(cluster)
    assert clock.now >= 120 + 60
    assert cluster.created == []


def test_a_name_that_somebody_else_has() -> None:
    cluster = FakeCluster(rejections=[refusal(409)])
    with pytest.raises(ApiError):
        start(cluster, RUN)


def test_overdue() -> None:
    due = datetime(2026, 1, 2, 3, 6, tzinfo=UTC).timestamp()
    pod = {"metadata": {"deletionTimestamp": "2026-01-02T03:06:00Z"}}
    assert not is_overdue({"metadata": {}}, due + 999)
    assert not is_overdue(pod, due + 60)
    assert is_overdue(pod, due + 61)


# The reaper.

NOW = datetime(2026, 1, 2, 4, 4, 0, tzinfo=UTC)


def reaped(cluster: FakeCluster, now: datetime = NOW, **changes: Any) -> dict[str, str]:
    return driver(cluster).drive(reap(now=now, log=LOG, **changes))


def test_a_failed_pod_is_kept_an_hour_from_its_end() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, DONE)  # it ended at 03:04:09
    assert reaped(cluster) == {}
    assert reaped(cluster, NOW.replace(second=10)) == {name: "it ended more than 1:00:00 ago"}
    assert cluster.deletions == [(name, {"preconditions": {"uid": "earlier"}})]


def test_a_live_pod_goes_only_when_its_task_is_over() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, RUNNING)
    asked: list[dict[str, str]] = []

    def over(annotations: Mapping[str, str]) -> bool:
        asked.append(dict(annotations))
        return True

    assert reaped(cluster) == {}
    assert reaped(cluster, is_over=lambda _: False) == {}
    young = datetime(2026, 1, 2, 3, 5, 0, tzinfo=UTC)
    assert reaped(cluster, young, is_over=over) == {}
    assert reaped(cluster, is_over=over) == {name: "its task is over"}
    assert asked[0][naming.RUN_ID] == "run1"


def test_what_is_stopping_and_what_is_of_another_deployment_is_left_alone() -> None:
    cluster = FakeCluster()
    there(cluster, RUN, RUNNING, deletionTimestamp="2026-01-02T03:06:00Z")
    foreign = replace(RUN, deployment="staging")
    there(cluster, foreign, DONE)
    assert reaped(cluster, is_over=lambda _: True, deployment="prod") == {}


def test_a_pod_of_the_command_line_is_left_alone_while_it_runs() -> None:
    cluster = FakeCluster()
    name = there(cluster, RUN, RUNNING)
    assert reaped(cluster, is_over=lambda _: True, deployment="prod") == {}
    cluster.pods[name]["status"] = DONE
    late = NOW.replace(second=10)
    assert list(reaped(cluster, late, deployment="prod")) == [name]


# What waiting can fix.

FULL = (
    'pods "x" is forbidden: exceeded quota: small, requested: pods=1,requests.memory=512Mi, '
    "used: pods=20,requests.memory=15872Mi, limited: pods=20,requests.memory=16Gi"
)
TOO_LARGE = FULL.replace("memory=512Mi", "memory=32Gi", 1)
CONCURRENT = 'Operation cannot be fulfilled on resourcequotas "small": the object has been modified'
PASSING = [
    refusal(403, FULL, "Forbidden"),
    refusal(409, CONCURRENT, "Conflict"),
    refusal(401, "Unauthorized", "Unauthorized"),
    refusal(500, 'Internal error occurred: failed calling webhook "p"', "InternalError"),
    refusal(503, "etcdserver: leader changed"),
    refusal(429, "too many requests"),
]


@pytest.mark.parametrize("answer", PASSING, ids=lambda error: str(error.status))
def test_a_creation_waits_for_what_passes(
    clock: Clock, caplog: pytest.LogCaptureFixture, answer: ApiException
) -> None:
    # The driver itself reads the credentials again after a 401.
    cluster = FakeCluster(rejections=[answer] * 20)
    with caplog.at_level("WARNING", LOG.name):
        assert start(cluster, RUN) == naming.build_pod_name(RUN)
    assert 60 < clock.now < 300
    (line,) = [each.getMessage() for each in caplog.records]
    assert line.startswith("The cluster cannot take the pod yet (")
    assert line.endswith("; waiting up to 10 minutes")


def test_a_creation_waits_no_longer_than_a_start_may_take(clock: Clock) -> None:
    cluster = FakeCluster(rejections=[refusal(403, FULL, "Forbidden")] * 200)
    with pytest.raises(ApiError, match="Forbidden"):
        start(cluster, RUN)
    assert 600 <= clock.now < 620


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, TOO_LARGE),
        (403, 'pods "x" is forbidden: failed quota: q: must specify limits.memory'),
        (403, 'violates PodSecurity "restricted:latest"'),
        (422, "Required value"),
    ],
)
def test_what_waiting_cannot_fix_fails_at_once(clock: Clock, status: int, message: str) -> None:
    cluster = FakeCluster(rejections=[refusal(status, message, "Forbidden")])
    with pytest.raises(ApiError):
        start(cluster, RUN)
    assert clock.now == 0


def test_a_task_that_is_killed_does_not_wait() -> None:
    cluster = FakeCluster(rejections=[refusal(403, FULL, "Forbidden")] * 200)
    steps = launch(made(RUN), RUN, WaitPolicy(600, lambda: True, LOG))
    with pytest.raises(ApiError):
        driver(cluster).drive(steps)
    assert cluster.requests.count("create") == 1
