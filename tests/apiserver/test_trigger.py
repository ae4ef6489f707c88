"""The trigger waits for a pod and releases it, with Airflow's real hook and the chart's role."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from meltano_pods.pods.airflow.trigger import RunPodTrigger
from meltano_pods.pods.lifecycle.actions import ReadPod

from tests.apiserver.launching import LAUNCHER, NAME, finish, start, touch
from tests.support.pods import RUN

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.driver import ClusterDriver

    from tests.support.control_plane import ControlPlane


@pytest.fixture
def make_trigger(plane: ControlPlane, namespace: str) -> Any:
    cluster = {"server": plane.address, "certificate-authority": str(plane.ca)}
    kubeconfig = {
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": {"token": LAUNCHER}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }  # fmt: skip

    def make(ti_id: str = RUN.ti_id) -> RunPodTrigger:
        wanted = {
            "name": NAME, "namespace": namespace, "ti_id": ti_id, "start_timeout": 60.0,
            "grace_period": 0, "poll_interval": 0.1, "began": time.time(),
        }  # fmt: skip
        access = {"conn_id": None, "in_cluster": False, "config_dict": kubeconfig}
        path, arguments = RunPodTrigger(wanted, access).serialize()
        assert path.endswith(".RunPodTrigger")
        return RunPodTrigger(**arguments)

    return make


async def first(trigger: RunPodTrigger) -> dict[str, Any]:
    async for event in trigger.run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("no event")


def test_it_waits_until_the_run_has_ended(
    admin: CoreV1Api, pods: ClusterDriver, make_trigger: Any
) -> None:
    start(pods)

    async def wait() -> dict[str, Any]:
        waiting = asyncio.ensure_future(first(make_trigger()))
        for change in (touch, finish):
            done, _ = await asyncio.wait([waiting], timeout=0.5)
            assert not done
            await asyncio.to_thread(change, admin, pods.namespace)
        return await asyncio.wait_for(waiting, 20)

    assert asyncio.run(wait()) == {
        "name": NAME, "namespace": pods.namespace, "resumptions": 0, "status": "ended",
        "message": "",
    }  # fmt: skip


def test_a_pod_that_is_gone_has_ended(make_trigger: Any) -> None:
    assert asyncio.run(first(make_trigger()))["status"] == "ended"


@pytest.mark.parametrize(("ti_id", "goes"), [(RUN.ti_id, True), ("attempt-9", False)])
def test_a_task_that_is_ended_takes_its_own_pod_along(
    pods: ClusterDriver, make_trigger: Any, ti_id: str, *, goes: bool
) -> None:
    start(pods)

    asyncio.run(make_trigger(ti_id).on_kill())

    assert (pods.perform(ReadPod(NAME)) is None) is goes
