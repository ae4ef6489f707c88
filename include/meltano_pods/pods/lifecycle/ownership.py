"""Whose pod it is: each try claims its pod, and only its owner deletes it.

Airflow may start the next try of a task before the last one has deleted its pod: if a deferred task
was cleared, or a worker was believed dead. Both changes apply only to the version that was read, so
a concurrent claim and release cannot both succeed.
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.api_errors import CONFLICT, NOT_FOUND, ApiError
from meltano_pods.pods.lifecycle.actions import DeletePod, PatchPod, ReadPod, request
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps


def get_owner(pod: Mapping[str, Any]) -> str | None:
    """Return the `ti_id` (naming.TaskInstanceTry) that a pod belongs to."""
    return naming.get_annotation(pod, naming.TI_ID)


def claim(pod: Mapping[str, Any], ti_id: str) -> Steps[dict[str, Any] | None]:
    """Make a pod of an earlier try this one's, and return it as it is now.

    Args:
        pod: As it was read.
        ti_id: The new owner.

    Returns:
        None if it has changed since it was read, or is gone.
    """
    if get_owner(pod) == ti_id:
        return dict(pod)
    metadata = pod["metadata"]
    change = {
        "resourceVersion": metadata.get("resourceVersion"),
        "uid": metadata["uid"],
        "annotations": {naming.TI_ID: ti_id},
    }
    try:
        claimed: dict[str, Any] = yield from request(
            PatchPod(metadata["name"], {"metadata": change})
        )
    except ApiError as error:
        if error.status in (NOT_FOUND, CONFLICT):
            return None
        raise
    return claimed


def release(name: str, ti_id: str, grace: int | None = None) -> Steps[bool]:
    """Delete a pod if it is this try's; True if it was.

    Args:
        name: Its name.
        ti_id: Who wants it deleted.
        grace: Seconds until it is killed; None for its own grace period.
    """
    while True:
        pod = yield from request(ReadPod(name))
        if pod is None or get_owner(pod) != ti_id:
            return False
        metadata = pod["metadata"]
        version = metadata.get("resourceVersion")
        if (yield from request(DeletePod(name, metadata["uid"], version, grace))):
            return True
