"""Describes the cluster after a failure: what a person would look at first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.cluster.places import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

_PODS = 3
_LINES = 15


def diagnose(settings: Settings, shell: Shell) -> str:
    """Describe unhealthy pods with their last events and logs; empty without a cluster."""
    if not settings.kubeconfig.exists():
        return ""
    pods = _ask(settings, shell, "get", "pods", "--all-namespaces", "-o", "json")
    if pods is None:
        return f"The cluster does not respond: docker logs --tail 50 {settings.node}"
    unwell = [pod for pod in json.loads(pods)["items"] if not is_well(pod)]
    if not unwell:
        return "All pods of the cluster are healthy."
    names = ", ".join(f"{_namespace(pod)}/{_name(pod)}" for pod in unwell)
    parts = [f"Unhealthy: {names}"]
    for pod in unwell[:_PODS]:
        parts.extend(_about(pod, settings, shell))
    return "\n\n".join(parts)


def is_well(pod: dict[str, Any]) -> bool:
    """Whether a pod, as the API gives it, is done or ready."""
    status = pod["status"]
    if status.get("phase") == "Succeeded":
        return True
    conditions = status.get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _about(pod: dict[str, Any], settings: Settings, shell: Shell) -> Iterator[str]:
    where = ("--namespace", _namespace(pod))
    described = _ask(settings, shell, "describe", "pod", _name(pod), *where) or ""
    _, _, events = described.partition("\nEvents:")
    context = f"--context {settings.context} --namespace {_namespace(pod)}"
    yield (
        f"{_name(pod)}: {_reason(pod)}\n"
        f"  kubectl {context} describe pod {_name(pod)}\n"
        f"{_last(events)}"
    )
    for container in _not_ready(pod):
        logs = ("logs", _name(pod), "--container", container, "--tail", str(_LINES), *where)
        # If a container is about to restart, its last lines are in the log of the previous one.
        output = _ask(settings, shell, *logs, "--previous") or _ask(settings, shell, *logs)
        if output:
            yield f"{_name(pod)}, last lines of {container}:\n{_last(output)}"


def _not_ready(pod: dict[str, Any]) -> list[str]:
    status = pod["status"]
    return [
        container["name"]
        for key in ("initContainerStatuses", "containerStatuses")
        for container in status.get(key) or ()
        if not container["ready"]
    ]


def _reason(pod: dict[str, Any]) -> str:
    status = pod["status"]
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(key) or ():
            state = container["state"].get("waiting") or container["state"].get("terminated")
            if state and not container["ready"]:
                return str(state.get("reason") or "waiting")
    return str(status.get("reason") or status.get("phase"))


def _last(text: str) -> str:
    return "\n".join(f"    {line.rstrip()}" for line in text.strip().splitlines()[-_LINES:])


def _ask(settings: Settings, shell: Shell, *arguments: str) -> str | None:
    return shell.ask(BIN / "kubectl", "--kubeconfig", settings.kubeconfig, *arguments)


def _namespace(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["namespace"])


def _name(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["name"])
