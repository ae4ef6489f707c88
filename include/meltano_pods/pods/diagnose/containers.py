"""Explains a run from the containers of its pod.

The run's own container alone decides about success. An init container or a sidecar that keeps it
from starting is named; how the others end does not matter. Native sidecars are init containers
that Kubernetes restarts.
https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category

from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.pods.diagnose.status import (
    get_terminated_state,
    list_container_statuses,
)
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    Manifest = Mapping[str, Any]

PLATFORM = re.compile(
    r"no match(ing manifest)? for platform|no matching manifest|exec format error"
)
SIDECAR_DEADLINE = 1
"""`activeDeadlineSeconds` of a pod whose run has ended: it ends the sidecars."""
_OOM = "OOMKilled"
_CERTAIN_RESTARTS = 3
"""After so many restarts, about a minute, a sidecar that never became ready will not."""


def find_oom_kill(pod: Manifest) -> PodDiagnosis | None:
    """Return the diagnosis if the kernel killed a process of the run because of its memory.

    On version 1 control groups, a killed child leaves the reason with whatever exit code its parent
    returns, even 0: the reason counts, not the code. An init container counts as well.
    """
    names = [*(str(each["name"]) for each in _list_inits(pod)), RUN_CONTAINER]
    for name in names:
        state = get_terminated_state(pod, name) or {}
        if state.get("reason") == _OOM:
            text = f"container {name}, exit code {state.get('exitCode')}"
            return PodDiagnosis(Category.OUT_OF_MEMORY, _OOM, text)
    return None


def find_failed_container(pod: Manifest, last_line: str = "") -> PodDiagnosis | None:
    """Return why the run's container failed, or which init container kept it from starting.

    Args:
        pod: The pod.
        last_line: The last line of the run's log if it left no result: some runtimes report only
            there that they could not start the program.
    """
    if (state := get_terminated_state(pod)) is not None:
        return _judge_run(state, last_line) if state.get("exitCode", 0) else None
    for status in _list_inits(pod):
        state = (status.get("state") or {}).get("terminated") or {}
        if state.get("exitCode", 0):
            return _judge_init(str(status.get("name")), state)
    return None


def find_crash_loop(pod: Manifest) -> PodDiagnosis | None:
    """Return the native sidecar that fails again and again, so that the run does not start."""
    for status in _list_inits(pod, sidecars=True):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") == "CrashLoopBackOff":
            restarts, name = int(status.get("restartCount") or 0), str(status.get("name"))
            last = (status.get("lastState") or {}).get("terminated") or {}
            text = f"sidecar {name}, {restarts} restarts, last exit code {last.get('exitCode')}"
            final = restarts >= _CERTAIN_RESTARTS
            return PodDiagnosis(
                Category.CONTAINER_FAILED, "CrashLoopBackOff", text, final=final, container=name
            )
    return None


def find_running_init(pod: Manifest) -> PodDiagnosis | None:
    """Return the init container that the run's container waits for."""
    for status in _list_inits(pod):
        if _is_running(status):
            return _wait_for(status, f"init container {status['name']} runs")
    for status in _list_inits(pod, sidecars=True):
        if _is_running(status) and not status.get("started"):
            return _wait_for(status, f"sidecar {status['name']} is not ready")
    return None


def list_running_sidecars(pod: Manifest) -> list[str]:
    """Return the containers that run beside that of the run."""
    return [
        str(status["name"])
        for status in list_container_statuses(pod)
        if status.get("name") != RUN_CONTAINER and _is_running(status)
    ]


def _is_running(status: Manifest) -> bool:
    return (status.get("state") or {}).get("running") is not None


def _wait_for(status: Manifest, text: str) -> PodDiagnosis:
    name = str(status["name"])
    return PodDiagnosis(
        Category.START_TIMEOUT, "PodInitializing", text, final=False, container=name
    )


def _judge_run(state: Manifest, last_line: str) -> PodDiagnosis:
    reason, message = state.get("reason") or "Error", state.get("message") or ""
    for text in (message, last_line):
        if PLATFORM.search(text):
            return PodDiagnosis(Category.IMAGE_PLATFORM, reason, text)
    text = f"container {RUN_CONTAINER}, exit code {state['exitCode']}"
    # The run's own message is its result, which `outcome` reads.
    own = reason in {"Error", "Completed"} or not message
    return PodDiagnosis(Category.UNKNOWN, reason, text if own else f"{text}: {message}")


def _judge_init(name: str, state: Manifest) -> PodDiagnosis:
    reason, message = state.get("reason") or "Error", state.get("message") or ""
    if PLATFORM.search(message):
        return PodDiagnosis(Category.IMAGE_PLATFORM, reason, message)
    text = f"init container {name}, exit code {state['exitCode']}"
    text = f"{text}: {message}" if message else text
    return PodDiagnosis(Category.CONTAINER_FAILED, reason, text, container=name)


def _list_inits(pod: Manifest, *, sidecars: bool = False) -> list[dict[str, Any]]:
    """Return the statuses of init containers: those that end, or native sidecars."""
    native = {
        each["name"]
        for each in (pod.get("spec") or {}).get("initContainers") or []
        if each.get("restartPolicy") == "Always"
    }
    statuses = (pod.get("status") or {}).get("initContainerStatuses") or []
    return [each for each in statuses if (each.get("name") in native) is sidecars]
