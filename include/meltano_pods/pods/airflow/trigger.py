"""What waits for a pod in the triggerer: the provider's trigger, which knows whose pod it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.triggers.pod import KubernetesPodTrigger
from airflow.sdk import TaskInstanceState
from kubernetes_asyncio import client
from kubernetes_asyncio.client.exceptions import ApiException

from meltano_pods.pods.cluster.api import CONFLICT, NOT_FOUND
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from kubernetes_asyncio.client import CoreV1Api


class RunPodTrigger(KubernetesPodTrigger):
    """Waits for the pod of one try.

    The provider's deletes the pod whenever it is told that its task was ended by somebody. That is
    also said when a cleared task's next try has the pod already, and when the trigger moves to
    another triggerer.

    Args:
        ti_id: Which try of the task instance it waits for (naming.TaskInstanceTry).
        **arguments: The provider's.
    """

    def __init__(self, ti_id: str, **arguments: Any) -> None:  # noqa: ANN401 - the provider's
        super().__init__(**arguments)
        self.ti_id = ti_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of this class, and its arguments."""
        _, arguments = super().serialize()
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {**arguments, "ti_id": self.ti_id}

    async def on_kill(self) -> None:
        """Delete the pod, if it is still this try's and the try is over."""
        if self._fired_event:
            return
        try:
            async with self.hook.get_conn() as connection:
                while await self._release(client.CoreV1Api(connection)):
                    pass
        except Exception:
            self.log.exception("Could not delete pod %s; the reaper will", self.pod_name)

    async def _release(self, api: CoreV1Api) -> bool:
        """Delete the pod as ownership.release does; True if it changed meanwhile."""
        try:
            pod = await api.read_namespaced_pod(self.pod_name, self.pod_namespace)
            if (pod.metadata.annotations or {}).get(naming.TI_ID) != self.ti_id:
                self.log.info("Pod %s is a later try's by now", self.pod_name)
                return False
            state = await self.get_task_state()  # type: ignore[no-untyped-call]
            if state == TaskInstanceState.DEFERRED:
                self.log.info("Another triggerer waits for pod %s", self.pod_name)
                return False
            meant = client.V1Preconditions(
                uid=pod.metadata.uid, resource_version=pod.metadata.resource_version
            )
            await api.delete_namespaced_pod(
                self.pod_name,
                self.pod_namespace,
                body=client.V1DeleteOptions(
                    grace_period_seconds=self.termination_grace_period, preconditions=meant
                ),
            )
        except ApiException as error:
            if error.status == NOT_FOUND:
                return False
            if error.status == CONFLICT:
                return True
            raise
        self.log.info("The task was ended: pod %s stops, and saves its state", self.pod_name)
        return False
