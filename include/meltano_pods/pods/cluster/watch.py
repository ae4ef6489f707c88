"""Watches a pod while its log is read, so that its last state is seen before it is deleted."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kubernetes import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kubernetes.client import CoreV1Api

_SECONDS = 300
"""How long one watch lasts; then the next begins."""
_PAUSE = 2.0


@contextmanager
def watch_pod(
    call: Callable[[Callable[[CoreV1Api], bool]], bool],
    namespace: str,
    name: str,
    see: Callable[[Mapping[str, Any]], None],
) -> Iterator[None]:
    """Call `see` with every state of a pod while the block runs, also with its last one.

    A pod that is deleted or evicted disappears moments after its container has ended, and no event
    contains why it ended. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

    Args:
        call: Makes requests, with new credentials where the old have expired.
        namespace: The pod's namespace.
        name: Its name.
        see: Called from another thread; the pod is plain data.
    """
    over = threading.Event()
    stream = watch.Watch()

    def read(api: CoreV1Api) -> bool:
        """Read one watch to its end; True if the pod is gone or the watch is over."""
        for event in stream.stream(
            api.list_namespaced_pod,
            namespace,
            field_selector=f"metadata.name={name}",
            timeout_seconds=_SECONDS,
        ):
            see(event["raw_object"])
            if over.is_set() or event["type"] == "DELETED":
                return True
        return False

    def follow() -> None:
        while not over.is_set():
            try:
                if call(read):
                    return
            except Exception:  # noqa: BLE001 - the log and the pod are read anyway
                over.wait(_PAUSE)

    # A daemon: when the task is done, it may still wait for a pod that never changes.
    threading.Thread(target=follow, name=f"watch {name}", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        stream.stop()
