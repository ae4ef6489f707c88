"""The kubectl commands that show a pod."""

from __future__ import annotations

import shlex

from meltano_pods.pods.spec.build import KEEP_SECONDS


def format_pod_commands(
    namespace: str, name: str, *, kept: bool, container: str | None = None
) -> list[str]:
    """Return the kubectl commands that explain a pod that failed.

    Args:
        namespace: Its namespace.
        name: Its name.
        kept: Whether it still exists; its events do for an hour in any case.
        container: The container whose log says more than the run's; None for the run's.
    """
    kubectl = f"kubectl --namespace {namespace}"
    if not kept:
        return [f"{kubectl} get events --field-selector involvedObject.name={name}"]
    return [
        f"{kubectl} describe pod {name}",
        f"{kubectl} logs {name}" + (f" --container {container}" if container else ""),
        f"# for {KEEP_SECONDS // 60} minutes, then the reaper removes it",
    ]


def format_list_command(namespace: str | None, selector: str) -> str:
    """Return the kubectl command that lists pods.

    Args:
        namespace: Their namespace; None for kubectl's current one.
        selector: Their labels.
    """
    there = f" --namespace {namespace}" if namespace else ""
    return f"kubectl{there} get pods --selector {shlex.quote(selector)}"
