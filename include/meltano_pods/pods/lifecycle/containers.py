"""Reads and ends the containers of a pod that are not its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.containers import SIDECAR_DEADLINE, list_running_sidecars
from meltano_pods.pods.lifecycle.actions import PatchPod, ReadLogTail, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.tasks.relay import Log

_TAIL_LINES = 10


def relay_tail(name: str, container: str, log: Log) -> Steps[None]:
    """Write the last lines of a container's log to the task's.

    Args:
        name: The pod's name.
        container: The container's.
        log: The task's log.
    """
    try:
        tail = yield from request(ReadLogTail(name, container, _TAIL_LINES))
    except ApiError as error:
        log.warning("Could not read the log of container %s: %s", container, error)
        return
    for line in str(tail).splitlines():
        if line.strip():
            log.warning("[%s] %s", container, line)


def stop_sidecars(pod: Mapping[str, Any], log: Log) -> Steps[None]:
    """End the sidecars of a pod that is kept although its run has ended.

    They would keep its node and its share of a quota busy. A pod whose deadline has passed ends,
    and stays with its logs. https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup

    Args:
        pod: As last seen; its run has ended.
        log: For what cannot be done.
    """
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp") or not list_running_sidecars(pod):
        return
    change: dict[str, Any] = {
        "metadata": {"uid": metadata["uid"]},
        "spec": {"activeDeadlineSeconds": SIDECAR_DEADLINE},
    }
    try:
        yield from request(PatchPod(metadata["name"], change))
    except ApiError as error:
        if not error.is_missing:
            log.warning(
                "Could not end the sidecars of pod %s: %s",
                metadata["name"],
                diagnose_api_error(error),
            )
