"""What a run moved, a line for each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.diagnosis import headline
from meltano_pods.names import counted, describe_counts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from meltano_runner.contract import PipelineResult, RunResult, StreamResult

    class Log(Protocol):
        """What a logger can do, as far as it matters here."""

        def info(self, msg: str, /, *args: object) -> object:
            """Write one line at INFO."""


_MAX_LINES = 100


def tell(result: RunResult, log: Log) -> None:
    """Write to a log what a run did, its streams first."""
    for line in stream_lines(result):
        log.info("  %s", line)
    log.info("%s", headline(result))


def stream_lines(result: RunResult) -> list[str]:
    """Return a line for each stream, such as `orders: 12 extracted, 12 loaded; bookmark 7 -> 19`.

    Of more than 100 streams the largest are shown.
    """
    several = len(result.pipelines) > 1
    lines = [line for pipeline in result.pipelines for line in _of(pipeline, several=several)]
    more = len(lines) - _MAX_LINES
    omitted = max(more, 0) + sum(each.streams_omitted for each in result.pipelines)
    if omitted:
        lines[_MAX_LINES:] = [counted(omitted, "more stream")]
    return lines


def _of(pipeline: PipelineResult, *, several: bool) -> Iterator[str]:
    before = f"{pipeline.tap} to {pipeline.target}, " if several else ""
    for stream in sorted(pipeline.streams, key=lambda each: -(each.counted or 0)):
        if parts := [each for each in (_counts(stream), _bookmark(stream)) if each]:
            yield f"{before}{stream.stream}: {'; '.join(parts)}"


def _counts(stream: StreamResult) -> str:
    if stream.counted is None:
        return ""
    return describe_counts(stream.extracted, stream.loaded)


def _bookmark(stream: StreamResult) -> str:
    before, after = stream.bookmark_before, stream.bookmark
    if after is None:
        return ""
    if before is None:
        return f"bookmark {after}"
    return f"bookmark {after}, as before" if before == after else f"bookmark {before} -> {after}"
