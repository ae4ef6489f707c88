"""A notification as text; the channels only format it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import describe_counts, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from meltano_pods.notify.notification import Notification

_SHOWN_STREAMS = 8
_TITLES = {"failure": "Failed", "retry": "Failed, will be retried", "recovery": "Recovered"}


def format_title(notification: Notification) -> str:
    """Return one line, such as `Failed: csv_to_json.daily (tap_failed)`."""
    why = f" ({notification.category})" if notification.category else ""
    return f"{_TITLES[notification.event]}: {notification.dag_id}{why}"


def list_facts(notification: Notification) -> list[tuple[str, str]]:
    """Return labels and values, as far as they are known."""
    return list(_iter_facts(notification))


def _iter_facts(notification: Notification) -> Iterator[tuple[str, str]]:
    yield "Run", notification.run_id
    if notification.task_id is not None:
        tries = f" of {notification.tries}" if notification.tries else ""
        number = f" (try {notification.try_number}{tries})" if notification.try_number else ""
        yield "Task", f"{notification.task_id}{number}"
    if notification.plugin is not None:
        yield "Plugin", notification.plugin
    if notification.kubernetes is not None:
        yield "Kubernetes", notification.kubernetes
    if (
        notification.extracted is not None
        or notification.loaded is not None
        or notification.streams
    ):
        yield "Records", _format_records(notification)
    if notification.failed_since is not None:
        yield "Failed since", notification.failed_since
    if notification.pod is not None:
        yield "Pod", notification.pod


def _format_records(notification: Notification) -> str:
    total = describe_counts(notification.extracted, notification.loaded)
    parts = [_format_stream(stream) for stream in notification.streams[:_SHOWN_STREAMS]]
    hidden = len(notification.streams) - len(parts) + notification.streams_omitted
    if hidden:
        parts.append(pluralize(hidden, "more stream"))
    took = "" if notification.seconds is None else f" in {notification.seconds:g} s"
    return f"{total}{took}" + (f": {'; '.join(parts)}" if parts else "")


def _format_stream(stream: Mapping[str, Any]) -> str:
    records = describe_counts(stream["extracted"], stream["loaded"])
    bookmark = "" if stream["bookmark"] is None else f" (up to {stream['bookmark']})"
    return f"{stream['stream']} {records}{bookmark}"
