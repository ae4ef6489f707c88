"""Puts a pod into the cluster so that a task instance never has two at work.

A pod of an earlier try may still be there: its worker died, or it is being stopped. One that does
just what this try would do, or has done it with success meanwhile, is adopted; any other is stopped
first, with its grace to save the state; every one where somebody cleared the task, who wants it to
begin anew. What has failed is left for a look at it, and for the reaper.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kubernetes.client.exceptions import ApiException

from meltano_pods.pods.cluster.api import CONFLICT
from meltano_pods.pods.diagnose.outcome import judge_outcome
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.run.ownership import claim, get_owner
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meltano_pods.pods.cluster.api import Pods
    from meltano_pods.pods.spec.naming import TaskInstanceTry
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 1.0
_MARGIN_SECONDS = 60.0


class StillRunningError(Exception):
    """A pod of an earlier try does not end. The text names it."""


def launch(
    pods: Pods,
    pod: Mapping[str, Any],
    run: TaskInstanceTry,
    *,
    killed: Callable[[], bool],
    log: Log,
) -> dict[str, Any]:
    """Create the pod of a try, or adopt one that is at work already; return it.

    Args:
        pods: The pods of the namespace.
        pod: The manifest.
        run: Which try of which task instance it is for.
        killed: Whether the task was killed meanwhile.
        log: For what is found.

    Raises:
        StillRunningError: A pod of an earlier try does not end.
        ApiException: The cluster refuses the pod.
    """
    adopted = _adopt(pods, pod, run, killed=killed, log=log)
    if adopted is not None:
        return adopted
    name = pod["metadata"]["name"]
    try:
        created = pods.create(pod)
    except ApiException as error:
        # An answer that was lost on its way: the pod is there, and ours.
        known = pods.get(name) if error.status == CONFLICT else None
        if known is None or get_owner(known) != run.ti_id:
            raise
        return known
    log.info("Created pod %s in namespace %s", name, pods.namespace)
    return created


def _adopt(
    pods: Pods,
    pod: Mapping[str, Any],
    run: TaskInstanceTry,
    *,
    killed: Callable[[], bool],
    log: Log,
) -> dict[str, Any] | None:
    """Return the pod of an earlier try that is now this one's; None once nothing is at work."""
    spec = pod["metadata"]["annotations"][naming.SPEC]
    name = pod["metadata"]["name"]
    while not killed():
        ours: dict[str, Any] | None = None
        for other in pods.select(naming.select_task_instance(run)):
            if ours is None and _is_ours(other, run, spec):
                ours = other
            elif not has_ended(other) or other["metadata"]["name"] == name:
                _remove(pods, other, name, killed=killed, log=log)
        if ours is None:
            return None
        if (claimed := claim(pods, ours, run.ti_id)) is not None:
            metadata = claimed["metadata"]
            tried = metadata["labels"][naming.TRY]
            log.info("Going on with pod %s of try %s", metadata["name"], tried)
            return claimed
    return None


def _is_ours(pod: Mapping[str, Any], run: TaskInstanceTry, spec: str) -> bool:
    """Whether a pod is this very try's, or does or has done just what this try would do."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    if get_owner(pod) == run.ti_id:
        return True
    tried = int(pod["metadata"]["labels"][naming.TRY])
    if tried <= run.cleared_tries:
        return False
    wanted = naming.build_annotations(run)
    same = all(
        naming.get_annotation(pod, key) == wanted[key]
        for key in (naming.DAG_ID, naming.TASK_ID, naming.RUN_ID, naming.MAP_INDEX)
    )
    # Of an earlier try: a DAG run that was deleted and made again counts its tries from 1.
    useful = not has_ended(pod) or (tried < run.try_number and judge_outcome(pod).succeeded)
    return same and naming.get_annotation(pod, naming.SPEC) == spec and useful


def _remove(
    pods: Pods, pod: Mapping[str, Any], wanted: str, *, killed: Callable[[], bool], log: Log
) -> None:
    """Delete a pod and wait until it has ended; until it is gone, if its name is `wanted`."""
    metadata = pod["metadata"]
    name, uid = metadata["name"], metadata["uid"]
    grace = float((pod.get("spec") or {}).get("terminationGracePeriodSeconds") or 30)
    log.info("Waiting for pod %s of an earlier try to end; it may take %.0f s", name, grace)
    if not metadata.get("deletionTimestamp"):
        pods.delete(name, uid=uid)
    until = time.monotonic() + grace + _MARGIN_SECONDS
    while not killed():
        there = pods.get(name)
        if there is None or there["metadata"]["uid"] != uid:
            return
        if has_ended(there) and name != wanted:
            return
        if time.monotonic() >= until:
            raise StillRunningError(f"pod {name} was told to end and is still there")
        time.sleep(_CHECK_SECONDS)
