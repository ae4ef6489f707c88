"""Waits for the pod of a deferred task in the triggerer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.hooks.kubernetes import AsyncKubernetesHook
from airflow.sdk import TaskInstanceState
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from meltano_pods.pods.airflow.task_state import read_task_state
from meltano_pods.pods.cluster.async_driver import AsyncClusterDriver
from meltano_pods.pods.lifecycle.actions import ReadPod, request
from meltano_pods.pods.lifecycle.deferral import WaitRequest, WaitResult, wait_for_end
from meltano_pods.pods.lifecycle.ownership import get_owner, release

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class RunPodTrigger(BaseTrigger):
    """Waits until the pod of one try ends; a worker then reads its log and its outcome.

    Args:
        wait: What to wait for: a `WaitRequest`, as plain data.
        access: How to reach the cluster (connect.read_trigger_access).
    """

    def __init__(self, wait: Mapping[str, Any], access: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.wait = WaitRequest(**wait)
        self.access = dict(access)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of this class, and its arguments."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"wait": asdict(self.wait), "access": self.access}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event, once a worker is needed."""
        wait = self.wait
        self.log.info("Waiting in the triggerer for pod %s", wait.name)
        try:
            async with self._connect() as driver:
                result = await driver.drive(wait_for_end(wait, self.log))
        except Exception as error:
            self.log.exception("Could not wait for pod %s", wait.name)
            result = WaitResult("error", f"{type(error).__name__}: {error}")
        yield TriggerEvent(  # type: ignore[no-untyped-call]
            {
                "name": wait.name,
                "namespace": wait.namespace,
                "resumptions": wait.resumptions,
                **asdict(result),
            }
        )

    async def on_kill(self) -> None:
        """Delete the pod, if it is still this try's and the try is over.

        Airflow also calls this when a cleared task's next try has the pod already, and when the
        trigger moves to another triggerer.
        """
        name, ti_id = self.wait.name, self.wait.ti_id
        try:
            async with self._connect() as driver:
                pod = await driver.drive(request(ReadPod(name)))
                if pod is None:
                    return
                if get_owner(pod) != ti_id:
                    self.log.info("Pod %s belongs to a later try now", name)
                elif await self._read_state() == TaskInstanceState.DEFERRED:
                    self.log.info("Another triggerer waits for pod %s", name)
                elif await driver.drive(release(name, ti_id, self.wait.grace_period)):
                    self.log.info("The task was ended: pod %s stops and saves its state", name)
        except Exception:
            self.log.exception("Could not delete pod %s; the reaper will", name)

    async def _read_state(self) -> str | None:
        ti = self.task_instance
        if ti is None:
            return None
        try:
            return await sync_to_async(read_task_state)(
                ti.dag_id, ti.task_id, ti.run_id, ti.map_index
            )
        except KeyError:
            return None  # the task instance was deleted

    def _connect(self) -> AsyncClusterDriver:
        return AsyncClusterDriver(
            lambda: AsyncKubernetesHook(**self.access).get_conn(), self.wait.namespace
        )
