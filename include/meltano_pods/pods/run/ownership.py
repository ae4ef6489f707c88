"""Whose pod it is: each try claims its pod, and only its owner deletes it.

Airflow may start the next try of a task before the end of the last one has reached its pod: of a
deferred task that was cleared, of a worker believed dead. Both changes here hold only for the
version that was read, so that of a claim and a release at the same moment one fails.
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernetes.client.exceptions import ApiException

from meltano_pods.pods.cluster.api import CONFLICT, NOT_FOUND
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.cluster.api import Pods


def get_owner(pod: Mapping[str, Any]) -> str | None:
    """Return the ti_id (naming.TaskInstanceTry) that a pod belongs to."""
    return naming.get_annotation(pod, naming.TI_ID)


def claim(pods: Pods, pod: Mapping[str, Any], ti_id: str) -> dict[str, Any] | None:
    """Make a pod of an earlier try this one's, and return it as it is now.

    Args:
        pods: The pods of its namespace.
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
        return pods.patch(metadata["name"], {"metadata": change})
    except ApiException as error:
        if error.status in (NOT_FOUND, CONFLICT):
            return None
        raise


def release(pods: Pods, name: str, ti_id: str, grace: int | None = None) -> bool:
    """Delete a pod if it is this try's; True if it was.

    Args:
        pods: The pods of its namespace.
        name: Its name.
        ti_id: Who wants it deleted.
        grace: Seconds until it is killed; None for its own grace period.
    """
    while (pod := pods.get(name)) is not None and get_owner(pod) == ti_id:
        metadata = pod["metadata"]
        version = metadata.get("resourceVersion")
        if pods.delete(name, grace=grace, uid=metadata["uid"], version=version):
            return True
    return False
