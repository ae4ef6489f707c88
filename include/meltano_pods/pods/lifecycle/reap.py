"""Removes pods that were kept long enough, and those whose task is over.

A task deletes its own pod. The reaper removes what a task keeps on purpose (a failed pod, for an
hour), and what it could not delete because its worker died, no triggerer ran, or the API did not
answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.lifecycle.actions import DeletePod, ListPods, request
from meltano_pods.pods.lifecycle.containers import stop_sidecars
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import KEEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.tasks.relay import Log

SETTLE = timedelta(minutes=2)
"""How old a pod must be before its task's state is read, which may lag behind."""


def reap(
    *,
    now: datetime,
    log: Log,
    deployment: str = "",
    is_over: Callable[[Mapping[str, str]], bool] | None = None,
) -> Steps[dict[str, str]]:
    """Delete the pods of a namespace that are no longer needed; return why, by the pod's name.

    Args:
        now: The time.
        log: For what cannot be done.
        deployment: Id of the Airflow deployment whose pods are meant; pods of others are not
            touched.
        is_over: Whether the task instance of a pod's annotations has ended; None leaves all pods
            that have not ended.
    """
    removed = {}
    pods = yield from request(ListPods(naming.select_deployment(deployment)))
    found = [(pod, is_over) for pod in pods]
    if deployment:
        # Those of `meltano-pods run` belong to no Airflow: any reaper removes them once ended.
        pods = yield from request(ListPods(naming.select_deployment("")))
        found += [(pod, None) for pod in pods]
    for pod, check in found:
        metadata = pod["metadata"]
        if (why := decide_reaping(pod, now, check)) is not None:
            # By uid: another pod of this name may exist meanwhile.
            yield from request(DeletePod(metadata["name"], uid=metadata["uid"]))
            removed[metadata["name"]] = why
        elif needs_no_sidecars(pod, now):
            yield from stop_sidecars(pod, log)
    return removed


def decide_reaping(
    pod: Mapping[str, Any],
    now: datetime,
    is_over: Callable[[Mapping[str, str]], bool] | None,
) -> str | None:
    """Return why a pod is no longer needed; None if it may be."""
    metadata = pod["metadata"]
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    if metadata.get("deletionTimestamp"):
        return None
    if has_ended(pod):
        keep = timedelta(seconds=float(annotations.get(naming.KEEP_SECONDS, KEEP_SECONDS)))
        return f"it ended more than {keep} ago" if now - _get_end(pod) > keep else None
    if is_over is None or now - _parse_time(metadata["creationTimestamp"]) < SETTLE:
        return None
    return "its task is over" if is_over(annotations) else None


def needs_no_sidecars(pod: Mapping[str, Any], now: datetime) -> bool:
    """Whether a run ended a while ago, and nobody has ended its sidecars: its worker died."""
    return has_ended(pod) and now - _get_end(pod) > SETTLE


def _get_end(pod: Mapping[str, Any]) -> datetime:
    """Return when the last container that has ended did; without any, when the pod was created."""
    moments = [pod["metadata"]["creationTimestamp"]]
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        terminated = (status.get("state") or {}).get("terminated") or {}
        if stamp := terminated.get("finishedAt"):
            moments.append(stamp)
    return max(_parse_time(moment) for moment in moments)


def _parse_time(stamp: str) -> datetime:
    moment = datetime.fromisoformat(str(stamp))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
