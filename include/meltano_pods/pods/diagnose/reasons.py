"""Why a pod did not start, or ended as it did: from its status and events to a category.

Pure functions from a pod's manifest and events, as `kubectl get -o json` shows them, to a diagnosis
with Kubernetes' reason and message. The rules are tried in the order of this file.
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category

from meltano_pods.pods.diagnose.containers import (
    PLATFORM,
    SIDECAR_DEADLINE,
    find_crash_loop,
    find_running_init,
)
from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.pods.diagnose.status import (
    list_conditions,
    list_waiting_states,
    sort_newest_first,
)
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Manifest = Mapping[str, Any]


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
# The kubelet tries a registry in trouble again, until the start timeout. A name that does not
# resolve is a typing error.
_REGISTRY_TROUBLE = re.compile(
    r"timeout|timed out|deadline exceeded|too many requests|rate limit|toomanyrequests|qps exceeded"
    r"|temporar|unavailable|unreachable|no route to host|misbehaving|handshake|bad gateway"
    r"|connection re(fused|set)|\bEOF\b|status( code)?:? (429|5\d\d)",
    re.IGNORECASE,
)
_BACK_OFF = re.compile(r'Back-off pulling image "[^"]*"')
_QUOTED = re.compile(r'"[^"]*"')
_SECRET = re.compile(
    r"(secret|configmap) \S+ not found|couldn't find key \S+ in (Secret|ConfigMap)"
    r"|references non-existent (secret|config) key",
    re.IGNORECASE,
)
# Of claims that are being provisioned, the scheduler says that they are unbound.
_NO_VOLUME_CLAIM = re.compile(r'persistentvolumeclaim "[^"]+" (not found|is being deleted)')
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
# https://kubernetes.io/docs/concepts/scheduling-eviction/pod-scheduling-readiness/
_GATED = "SchedulingGated"
_DEADLINE, _DEADLINE_FIELD = "DeadlineExceeded", "activeDeadlineSeconds"
_STATUS_REASONS = {
    "Evicted": Category.EVICTED,
    "Preempting": Category.PREEMPTED,
    "NodeLost": Category.NODE_LOST,
    "NodeShutdown": Category.NODE_LOST,
    "Shutdown": Category.NODE_LOST,
    "Terminated": Category.NODE_LOST,
    _DEADLINE: Category.TIMED_OUT,
}
# What happened to a pod that no longer exists; the newest of these events counts.
_EVENTS = {
    "Preempted": Category.PREEMPTED,
    "Preempting": Category.PREEMPTED,
    "Evicted": Category.EVICTED,
    "TaintManagerEviction": Category.NODE_LOST,
    "NodeNotReady": Category.NODE_LOST,
    "DeadlineExceeded": Category.TIMED_OUT,
}


def find_disruption(pod: Manifest) -> PodDiagnosis | None:
    """Return what Kubernetes did to the pod as a whole; None if nothing."""
    status = pod.get("status") or {}
    reason, message = status.get("reason") or "", status.get("message") or ""
    condition = next(list_conditions(pod, "DisruptionTarget", "True"), {})
    if reason == "Evicted" and _OWN_DISK_LIMIT.search(message):
        return PodDiagnosis(Category.DISK_FULL, reason, message)
    if reason == _DEADLINE and (pod.get("spec") or {}).get(_DEADLINE_FIELD) == SIDECAR_DEADLINE:
        return None  # it ended the sidecars of a run that had ended
    if reason in _STATUS_REASONS:
        return PodDiagnosis(_STATUS_REASONS[reason], reason, message)
    if _OUT_OF.fullmatch(reason):
        return PodDiagnosis(Category.UNSCHEDULABLE, reason, message)
    if (word := condition.get("reason")) in _DISRUPTIONS:
        return PodDiagnosis(_DISRUPTIONS[word], word, condition.get("message") or "")
    return None


def diagnose_waiting(pod: Manifest, events: Sequence[Manifest]) -> PodDiagnosis | None:
    """Return why a pod does not start; None if nothing is known to be wrong.

    A `final` diagnosis will probably stay; others may pass during the wait.
    """
    for waiting in list_waiting_states(pod):
        if (found := _why_container_waits(waiting, events)) is not None:
            run_secret = naming.get_annotation(pod, naming.SECRET)
            # The pod's own Secret is created after it, and the kubelet looks again.
            awaited = run_secret is not None and f'"{run_secret}"' in found.message
            return replace(found, final=False) if awaited else found
    if (crashing := find_crash_loop(pod)) is not None:
        return crashing
    # A volume of a Secret that does not exist shows in events alone.
    for event in sort_newest_first(events):
        if event.get("reason") == "FailedMount" and _SECRET.search(event.get("message") or ""):
            return PodDiagnosis(Category.SECRET_MISSING, "FailedMount", event["message"])
    scheduled = next(list_conditions(pod, "PodScheduled", "False"), None)
    if scheduled is not None:
        reason, message = scheduled.get("reason") or "Unschedulable", scheduled.get("message") or ""
        final = _NO_VOLUME_CLAIM.search(message) is not None
        queue = (pod["metadata"].get("labels") or {}).get(naming.QUEUE)
        if reason == _GATED and queue is not None:
            message = f"in the queue `{queue}` of Kueue; {message}"
        return PodDiagnosis(Category.UNSCHEDULABLE, reason, message, final=final)
    return None


def _why_container_waits(waiting: Manifest, events: Sequence[Manifest]) -> PodDiagnosis | None:
    reason, message = waiting.get("reason") or "", waiting.get("message") or ""
    if reason in _IMAGE:
        return _diagnose_image(reason, _find_pull_error(message, events))
    if reason == "CreateContainerConfigError":
        missing = _SECRET.search(message)
        category = Category.SECRET_MISSING if missing else Category.ADMISSION_DENIED
        return PodDiagnosis(category, reason, message)
    if reason in {"CreateContainerError", "RunContainerError"}:
        category = Category.IMAGE_PLATFORM if PLATFORM.search(message) else Category.UNKNOWN
        return PodDiagnosis(category, reason, message)
    return None


def _find_pull_error(message: str, events: Sequence[Manifest]) -> str:
    """Return why an image was not pulled: older kubelets say so in an event, not in the status."""
    if not _BACK_OFF.fullmatch(message):
        return message
    for event in sort_newest_first(events):
        text = event.get("message") or ""
        if event.get("reason") == "Failed" and "Failed to pull image" in text:
            return text
    return message


def diagnose_start_timeout(pod: Manifest, events: Sequence[Manifest]) -> PodDiagnosis:
    """Return why a pod did not start in time."""
    known = diagnose_waiting(pod, events)
    named = (Category.UNSCHEDULABLE, Category.CONTAINER_FAILED)
    if known is not None and (known.final or known.category in named):
        return known
    if known is not None:
        return replace(known, category=Category.START_TIMEOUT, final=True)
    warning = next((e for e in sort_newest_first(events) if e.get("type") == "Warning"), None)
    if warning is not None:
        return PodDiagnosis(Category.START_TIMEOUT, warning.get("reason") or "", warning["message"])
    if (init := find_running_init(pod)) is not None:
        return init
    waiting = next(list_waiting_states(pod), {})
    phase = (pod.get("status") or {}).get("phase") or "Unknown"
    return PodDiagnosis(Category.START_TIMEOUT, waiting.get("reason") or phase, "")


def diagnose_missing(events: Sequence[Manifest]) -> PodDiagnosis:
    """Return what happened to a pod that no longer exists."""
    for event in sort_newest_first(events):
        if (word := event.get("reason") or "") in _EVENTS:
            return PodDiagnosis(_EVENTS[word], word, event.get("message") or "")
    killing = next((e for e in sort_newest_first(events) if e.get("reason") == "Killing"), None)
    if killing is not None:
        return PodDiagnosis(Category.POD_LOST, "Killing", killing.get("message") or "")
    return PodDiagnosis(
        Category.POD_LOST, "NotFound", "the pod no longer exists, and no event says why"
    )


def _diagnose_image(reason: str, message: str) -> PodDiagnosis:
    if PLATFORM.search(message):
        return PodDiagnosis(Category.IMAGE_PLATFORM, reason, message)
    # Quoted text is left out: it contains names of images, which may be anything.
    passing = bool(_REGISTRY_TROUBLE.search(_QUOTED.sub("", message)))
    return PodDiagnosis(Category.IMAGE_PULL, reason, message, final=not passing)
