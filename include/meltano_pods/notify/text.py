"""A notice in words, for people; the ways it is sent only lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import counted, describe_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from meltano_pods.notify.notice import Notice

_SHOWN_STREAMS = 8
_TITLES = {"failure": "Failed", "retry": "Failed, will be tried again", "recovery": "Recovered"}


def title(notice: Notice) -> str:
    """Return one line, such as `Failed: csv_to_json.daily (tap_failed)`."""
    why = f" ({notice.category})" if notice.category else ""
    return f"{_TITLES[notice.event]}: {notice.dag_id}{why}"


def facts(notice: Notice) -> list[tuple[str, str]]:
    """Return labels and values, as far as they are known."""
    return list(_facts(notice))


def _facts(notice: Notice) -> Iterator[tuple[str, str]]:
    yield "Run", notice.run_id
    if notice.task_id is not None:
        tries = f" of {notice.tries}" if notice.tries else ""
        number = f" (try {notice.try_number}{tries})" if notice.try_number else ""
        yield "Task", f"{notice.task_id}{number}"
    if notice.plugin is not None:
        yield "Plugin", notice.plugin
    if notice.kubernetes is not None:
        yield "Kubernetes", notice.kubernetes
    if notice.extracted is not None or notice.loaded is not None or notice.streams:
        yield "Records", _records(notice)
    if notice.failed_since is not None:
        yield "Failed since", notice.failed_since
    if notice.pod is not None:
        yield "Pod", notice.pod


def _records(notice: Notice) -> str:
    total = describe_counts(notice.extracted, notice.loaded)
    parts = [_stream(stream) for stream in notice.streams[:_SHOWN_STREAMS]]
    hidden = len(notice.streams) - len(parts) + notice.streams_omitted
    if hidden:
        parts.append(counted(hidden, "more stream"))
    took = "" if notice.seconds is None else f" in {notice.seconds:g} s"
    return f"{total}{took}" + (f": {'; '.join(parts)}" if parts else "")


def _stream(stream: Mapping[str, Any]) -> str:
    records = describe_counts(stream["extracted"], stream["loaded"])
    bookmark = "" if stream["bookmark"] is None else f" (up to {stream['bookmark']})"
    return f"{stream['stream']} {records}{bookmark}"
