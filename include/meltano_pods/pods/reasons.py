"""Why a pod did not start, or ended as it did: from its status and events to a category.

Pure: a pod's manifest and its events as `kubectl get -o json` shows them, in; a finding out, with
Kubernetes' own words. The rules are tried in the order they stand here.
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from meltano_runner.contract import Category

from meltano_pods.pods import naming
from meltano_pods.settings.override import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is the matter.

    Attributes:
        category: What kind of failure it is.
        reason: Kubernetes' own word for it, such as `OOMKilled`.
        message: Kubernetes' own text; may be empty.
        final: Whether waiting cannot mend it, though Kubernetes goes on trying.
    """

    category: Category
    reason: str
    message: str = ""
    final: bool = True

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason


_IMAGE = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_PLATFORM = re.compile(
    r"no match(ing manifest)? for platform|no matching manifest|exec format error"
)
# A registry that has trouble is tried again by the kubelet, until the start timeout. One whose name
# nobody knows is a typing error.
_REGISTRY_TROUBLE = re.compile(
    r"timeout|too many requests|rate limit|toomanyrequests|qps exceeded|temporar|unavailable"
    r"|bad gateway|connection re(fused|set)|\bEOF\b|status( code)?:? 5\d\d",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"]*"')
_SECRET = re.compile(
    r"(secret|configmap) \S+ not found|couldn't find key \S+ in (Secret|ConfigMap)"
    r"|references non-existent (secret|config) key",
    re.IGNORECASE,
)
_OWN_DISK_LIMIT = re.compile(r"ephemeral local storage usage exceeds|EmptyDir volume .* exceeds")
_OUT_OF = re.compile(r"OutOf\w+|NodeAffinity|UnexpectedAdmissionError|TaintToleration|NodePorts")
# https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
_DISRUPTIONS = {
    "PreemptionByScheduler": Category.PREEMPTED,
    "EvictionByEvictionAPI": Category.EVICTED,
    "TerminationByKubelet": Category.EVICTED,
    "DeletionByTaintManager": Category.NODE_LOST,
    "DeletionByPodGC": Category.NODE_LOST,
}
_STATUS_REASONS = {
    "Evicted": Category.EVICTED,
    "Preempting": Category.PREEMPTED,
    "NodeLost": Category.NODE_LOST,
    "NodeShutdown": Category.NODE_LOST,
    "Shutdown": Category.NODE_LOST,
    "Terminated": Category.NODE_LOST,
    "DeadlineExceeded": Category.TIMED_OUT,
}
# What happened to a pod that is no longer there; the newest of these events counts.
_EVENTS = {
    "Preempted": Category.PREEMPTED,
    "Preempting": Category.PREEMPTED,
    "Evicted": Category.EVICTED,
    "TaintManagerEviction": Category.NODE_LOST,
    "NodeNotReady": Category.NODE_LOST,
    "DeadlineExceeded": Category.TIMED_OUT,
}
_OOM = "OOMKilled"


def why_disrupted(pod: Manifest) -> Finding | None:
    """Return what Kubernetes did to the pod as a whole; None if nothing."""
    status = pod.get("status") or {}
    reason, message = status.get("reason") or "", status.get("message") or ""
    condition = next(_conditions(pod, "DisruptionTarget", "True"), {})
    if reason == "Evicted" and _OWN_DISK_LIMIT.search(message):
        return Finding(Category.DISK_FULL, reason, message)
    if reason in _STATUS_REASONS:
        return Finding(_STATUS_REASONS[reason], reason, message)
    if _OUT_OF.fullmatch(reason):
        return Finding(Category.UNSCHEDULABLE, reason, message)
    if (word := condition.get("reason")) in _DISRUPTIONS:
        return Finding(_DISRUPTIONS[word], word, condition.get("message") or "")
    return None


def why_waiting(pod: Manifest, events: Sequence[Manifest]) -> Finding | None:
    """Return why a pod does not start; None if nothing is known to be wrong.

    `final` findings will stay, as far as one can tell; the others may pass while one waits.
    """
    for waiting in _waiting(pod):
        if (found := _why_container_waits(waiting)) is not None:
            own = naming.annotation(pod, naming.SECRET)
            # The pod's own Secret is created after it, and the kubelet looks again.
            awaited = own is not None and f'"{own}"' in found.message
            return replace(found, final=False) if awaited else found
    # A volume of a Secret that does not exist shows in events alone.
    for event in _newest_first(events):
        if event.get("reason") == "FailedMount" and _SECRET.search(event.get("message") or ""):
            return Finding(Category.SECRET_MISSING, "FailedMount", event["message"])
    scheduled = next(_conditions(pod, "PodScheduled", "False"), None)
    if scheduled is not None:
        reason, message = scheduled.get("reason") or "Unschedulable", scheduled.get("message") or ""
        return Finding(Category.UNSCHEDULABLE, reason, message, final=False)
    return None


def _why_container_waits(waiting: Manifest) -> Finding | None:
    reason, message = waiting.get("reason") or "", waiting.get("message") or ""
    if reason in _IMAGE:
        return _image(reason, message)
    if reason == "CreateContainerConfigError":
        missing = _SECRET.search(message)
        category = Category.SECRET_MISSING if missing else Category.ADMISSION_DENIED
        return Finding(category, reason, message)
    if reason in {"CreateContainerError", "RunContainerError"}:
        category = Category.IMAGE_PLATFORM if _PLATFORM.search(message) else Category.UNKNOWN
        return Finding(category, reason, message)
    return None


def why_not_started(pod: Manifest, events: Sequence[Manifest]) -> Finding:
    """Return why a pod did not start in its time."""
    known = why_waiting(pod, events)
    if known is not None and (known.final or known.category is Category.UNSCHEDULABLE):
        return known
    if known is not None:
        return Finding(Category.START_TIMEOUT, known.reason, known.message)
    warning = next((e for e in _newest_first(events) if e.get("type") == "Warning"), None)
    if warning is not None:
        return Finding(Category.START_TIMEOUT, warning.get("reason") or "", warning["message"])
    waiting = next(_waiting(pod), {})
    phase = (pod.get("status") or {}).get("phase") or "Unknown"
    return Finding(Category.START_TIMEOUT, waiting.get("reason") or phase, "")


def why_gone(events: Sequence[Manifest]) -> Finding:
    """Return what became of a pod that is no longer there."""
    for event in _newest_first(events):
        if (word := event.get("reason") or "") in _EVENTS:
            return Finding(_EVENTS[word], word, event.get("message") or "")
    killing = next((e for e in _newest_first(events) if e.get("reason") == "Killing"), None)
    if killing is not None:
        return Finding(Category.POD_LOST, "Killing", killing.get("message") or "")
    return Finding(
        Category.POD_LOST, "NotFound", "the pod is no longer there, and no event says why"
    )


def terminated(pod: Manifest, container: str = RUN_CONTAINER) -> dict[str, Any] | None:
    """Return how a container ended (`exitCode`, `reason`, `message`); None if it has not."""
    for status in _statuses(pod):
        if status.get("name") == container:
            state: dict[str, Any] | None = (status.get("state") or {}).get("terminated")
            return state
    return None


def out_of_memory(pod: Manifest) -> Finding | None:
    """Return the finding if the kernel killed any process of any container for want of memory.

    On version 1 control groups a killed child leaves the reason with whatever exit code its parent
    returns, even 0: the reason counts, not the code.
    """
    for status in _statuses(pod):
        state = (status.get("state") or {}).get("terminated") or {}
        if state.get("reason") == _OOM:
            text = f"container {status.get('name')}, exit code {state.get('exitCode')}"
            return Finding(Category.OUT_OF_MEMORY, _OOM, text)
    return None


def failed_container(pod: Manifest, last_words: str = "") -> Finding | None:
    """Return the first container, init containers first, that could not be run or failed.

    Args:
        pod: The pod.
        last_words: The last line of the run's log where it left no result: some runtimes say only
            there that they could not start the program.
    """
    for status in _statuses(pod):
        state = (status.get("state") or {}).get("terminated") or {}
        code, reason = state.get("exitCode", 0), state.get("reason") or "Error"
        if not code:
            continue
        message = state.get("message") or ""
        if _PLATFORM.search(message):
            return Finding(Category.IMAGE_PLATFORM, reason, message)
        text = f"container {status.get('name')}, exit code {code}"
        if status.get("name") == RUN_CONTAINER and _PLATFORM.search(last_words):
            return Finding(Category.IMAGE_PLATFORM, reason, last_words)
        # The run's own message is its result, which others read.
        own = status.get("name") == RUN_CONTAINER and reason in {"Error", "Completed"}
        return Finding(
            Category.UNKNOWN, reason, text if own or not message else f"{text}: {message}"
        )
    return None


def _image(reason: str, message: str) -> Finding:
    if _PLATFORM.search(message):
        return Finding(Category.IMAGE_PLATFORM, reason, message)
    # Not in what is quoted: images may be called anything.
    passing = bool(_REGISTRY_TROUBLE.search(_QUOTED.sub("", message)))
    return Finding(Category.IMAGE_PULL, reason, message, final=not passing)


def _statuses(pod: Manifest) -> Iterator[dict[str, Any]]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _waiting(pod: Manifest) -> Iterator[dict[str, Any]]:
    for status in _statuses(pod):
        if waiting := (status.get("state") or {}).get("waiting"):
            yield waiting


def _conditions(pod: Manifest, kind: str, value: str) -> Iterator[dict[str, Any]]:
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == kind and condition.get("status") == value:
            yield condition


def _newest_first(events: Sequence[Manifest]) -> list[dict[str, Any]]:
    def when(event: Mapping[str, Any]) -> str:
        stamp = event.get("lastTimestamp") or event.get("eventTime")
        return str(stamp or (event.get("metadata") or {}).get("creationTimestamp") or "")

    return sorted((dict(event) for event in events), key=when, reverse=True)
