"""A killed task: whatever the pod did, and whenever the signal comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from meltano_pods.failures import RunFailedError
from meltano_runner.contract.categories import Category

from tests.support.fake_cluster import FakeCluster, refusal
from tests.support.pods import RUNNING, ended, over
from tests.unit.pods.airflow.runs import NAME, context

if TYPE_CHECKING:
    from tests.unit.pods.airflow.runs import MakeTask


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
    real = cluster.read_namespaced_pod

    def broken(*_: object, **__: object) -> None:
        raise refusal(403)

    def kill() -> None:
        cluster.read_namespaced_pod = broken  # type: ignore[method-assign]
        made.on_kill()
        cluster.read_namespaced_pod = real  # type: ignore[method-assign]

    cluster.steps = [RUNNING, kill, over(ended())]
    with pytest.raises(RunFailedError, match="stopped: "):
        made.execute(context())
    assert "the reaper will" in caplog.text
