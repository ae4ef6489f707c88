"""The lines by which a person looks at a pod."""

from __future__ import annotations

from meltano_pods.pods.build import KEEP_SECONDS


def ways_to_look(namespace: str, name: str, *, kept: bool) -> list[str]:
    """Return the kubectl lines for a pod that failed.

    Args:
        namespace: Its namespace.
        name: Its name.
        kept: Whether it is still there; its events are, in any case, for an hour.
    """
    kubectl = f"kubectl --namespace {namespace}"
    if not kept:
        return [f"look: {kubectl} get events --field-selector involvedObject.name={name}"]
    return [
        f"look: {kubectl} describe pod {name}",
        f"      {kubectl} logs {name}",
        f"      (for {KEEP_SECONDS // 60} minutes, then the reaper removes it)",
    ]
