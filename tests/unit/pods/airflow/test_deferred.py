"""A task that waits in the triggerer, and what it makes of the end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.sdk.exceptions import TaskDeferred
from meltano_pods.failures import NonRetryableRunError, RunFailedError

from tests.support.pods import OK, RUNNING, ended, over, waits
from tests.unit.pods.airflow.runs import NAME, context, deferred, reenter

if TYPE_CHECKING:
    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask


def test_deferred(task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture) -> None:
    made = task(deferrable=True, termination_grace_period=30.0)
    wanted = deferred(made).trigger.wait
    assert (wanted.name, wanted.namespace, wanted.ti_id) == (NAME, "meltano", "attempt-1")
    assert (wanted.grace_period, wanted.start_timeout) == (30, 600.0)
    cluster.steps, cluster.log = [over(ended())], ["INFO tap-a: hello"]
    with caplog.at_level(logging.INFO):
        assert reenter(task(deferrable=True)) == OK.as_dict()
    assert "tap-a: hello" in caplog.text
    assert cluster.pods == {}


@pytest.mark.parametrize("status", ["ended", "not_started", "timeout", "error"])
def test_the_pod_is_believed_and_not_the_trigger(
    task: MakeTask, cluster: FakeCluster, status: str
) -> None:
    deferred(task(deferrable=True))
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
    deferred(task(deferrable=True))
    cluster.steps = [RUNNING]
    made = task(deferrable=True)
    with pytest.raises(TaskDeferred) as again:
        reenter(made, status="error", message="Connection reset")
    assert again.value.trigger.wait.resumptions == 1
    with pytest.raises(RunFailedError, match="ended 4 times before the pod: Connection reset"):
        reenter(task(), status="error", message="Connection reset", resumptions=3)
    assert cluster.pods == {}


def test_a_deadline_of_airflow_ends_the_pod(task: MakeTask, cluster: FakeCluster) -> None:
    deferred(task(deferrable=True))
    cluster.steps = [RUNNING]
    with pytest.raises(RunFailedError, match="timed_out"):
        reenter(task(), status="timeout", message="execution_timeout")
    assert cluster.pods == {}


def test_a_pod_that_does_not_start_while_deferred(task: MakeTask, cluster: FakeCluster) -> None:
    deferred(task(deferrable=True))
    cluster.steps = [waits("ImagePullBackOff", 'Back-off pulling image "x"')]
    with pytest.raises(NonRetryableRunError, match="image_pull"):
        reenter(task(), status="not_started", message="pod launch failed")
    assert cluster.pods == {}


def test_a_pod_that_succeeded_without_its_task_is_not_run_again_nor_waited_for(
    task: MakeTask, cluster: FakeCluster
) -> None:
    # Its worker died; the next try finds it done, and has nothing to defer for.
    first = task(deferrable=True)
    with pytest.raises(TaskDeferred):
        first.execute(context())
    (pod,) = cluster.pods.values()
    pod["status"] = over(ended())
    again = context()
    again["ti"].try_number, again["ti"].id = 2, "attempt-2"
    second = task(deferrable=True)
    second.retries = 2
    assert second.execute(again) == OK.as_dict()
    assert cluster.requests.count("create") == 1
    assert cluster.pods == {}
