"""Starts a pod so that a task instance never has two that are running.

A pod of an earlier try may still exist: its worker died, or it is being stopped. It is adopted if
it does the same as this try would, or has done so successfully. Otherwise it is stopped first, with
its grace period to save the state, as are all pods of a task that was cleared to run again. A pod
that failed is left for inspection, until the reaper removes it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.api_errors import CONFLICT, ApiError
from meltano_pods.pods.diagnose.outcome import judge_outcome
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.lifecycle.actions import (
    CreatePod,
    DeletePod,
    ListPods,
    Pause,
    ReadClock,
    ReadPod,
    request,
)
from meltano_pods.pods.lifecycle.create import create
from meltano_pods.pods.lifecycle.ownership import claim, get_owner
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.create import WaitPolicy
    from meltano_pods.pods.spec.naming import TaskInstanceTry

_CHECK_SECONDS = 1.0
_MARGIN_SECONDS = 60.0


class StillRunningError(Exception):
    """A pod of an earlier try does not end. The text names it."""


class Existing(Enum):
    """What to do about a pod of the same task instance."""

    ADOPT = "adopt"
    STOP = "stop"
    LEAVE = "leave"


def launch(
    manifest: Mapping[str, Any], run: TaskInstanceTry, policy: WaitPolicy
) -> Steps[dict[str, Any]]:
    """Create the pod of a try, or adopt one that is already running; return it.

    Args:
        manifest: The pod to create.
        run: Which try of which task instance it is for.
        policy: How long to wait where the cluster cannot take it yet.

    Raises:
        StillRunningError: A pod of an earlier try does not end.
        ApiError: The cluster rejects the pod.
    """
    adopted = yield from _adopt(manifest, run, policy)
    if adopted is not None:
        return adopted
    name = manifest["metadata"]["name"]
    try:
        created: dict[str, Any] = yield from create(CreatePod(manifest), policy)
    except ApiError as error:
        # The answer to an earlier request was lost: the pod is there, and ours.
        known = (
            (yield from request(ReadPod(name), policy.log)) if error.status == CONFLICT else None
        )
        if known is None or get_owner(known) != run.ti_id:
            raise
        return dict(known)
    policy.log.info("Created pod %s in namespace %s", name, created["metadata"].get("namespace"))
    return created


def decide_existing(
    pod: Mapping[str, Any], manifest: Mapping[str, Any], run: TaskInstanceTry
) -> Existing:
    """Return what a try does about a pod of its task instance.

    Args:
        pod: The pod that is there.
        manifest: The pod that the try would create.
        run: The try.
    """
    if _is_adoptable(pod, manifest["metadata"]["annotations"][naming.SPEC], run):
        return Existing.ADOPT
    if not has_ended(pod) or pod["metadata"]["name"] == manifest["metadata"]["name"]:
        return Existing.STOP
    return Existing.LEAVE


def _is_adoptable(pod: Mapping[str, Any], spec: str, run: TaskInstanceTry) -> bool:
    """Whether a pod is this very try's, or does or has done just what this try would do."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    if get_owner(pod) == run.ti_id:
        return True
    tried = int(pod["metadata"]["labels"][naming.TRY])
    if tried <= run.cleared_tries:
        return False
    annotations = naming.build_annotations(run)
    same = all(
        naming.get_annotation(pod, key) == annotations[key]
        for key in (naming.DAG_ID, naming.TASK_ID, naming.RUN_ID, naming.MAP_INDEX)
    )
    # Of an earlier try: a DAG run that was deleted and created again counts its tries from 1.
    useful = not has_ended(pod) or (tried < run.try_number and judge_outcome(pod).succeeded)
    return same and naming.get_annotation(pod, naming.SPEC) == spec and useful


def _adopt(
    manifest: Mapping[str, Any], run: TaskInstanceTry, policy: WaitPolicy
) -> Steps[dict[str, Any] | None]:
    """Return the pod of an earlier try that is now this one's; None once none is running."""
    while not policy.killed():
        ours: dict[str, Any] | None = None
        selector = naming.select_task_instance(run)
        for pod in (yield from request(ListPods(selector), policy.log)):
            decision = decide_existing(pod, manifest, run)
            if decision is Existing.ADOPT and ours is None:
                ours = pod
            elif decision is not Existing.LEAVE:
                yield from _stop(pod, manifest["metadata"]["name"], policy)
        if ours is None:
            return None
        if (claimed := (yield from claim(ours, run.ti_id))) is not None:
            metadata = claimed["metadata"]
            policy.log.info(
                "Adopted pod %s of try %s", metadata["name"], metadata["labels"][naming.TRY]
            )
            return claimed
    return None


def _stop(pod: Mapping[str, Any], new_name: str, policy: WaitPolicy) -> Steps[None]:
    """Delete a pod and wait until it has ended; until it is gone, if the new pod needs its name."""
    metadata = pod["metadata"]
    name, uid = metadata["name"], metadata["uid"]
    grace = float((pod.get("spec") or {}).get("terminationGracePeriodSeconds") or 30)
    policy.log.info("Waiting for pod %s of an earlier try to end; it may take %.0f s", name, grace)
    if not metadata.get("deletionTimestamp"):
        yield from request(DeletePod(name, uid=uid))
    until = (yield ReadClock()) + grace + _MARGIN_SECONDS
    while not policy.killed():
        there = yield from request(ReadPod(name))
        if there is None or there["metadata"]["uid"] != uid:
            return
        if has_ended(there) and name != new_name:
            return
        if (yield ReadClock()) >= until:
            raise StillRunningError(f"pod {name} was deleted and is still there")
        yield Pause(_CHECK_SECONDS)
