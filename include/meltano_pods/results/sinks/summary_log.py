"""The log of the task: warnings of checks, a line for each stream, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.failures import summarize_briefly
from meltano_pods.names import describe_counts, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.contract.result import PipelineResult, RunResult, StreamResult
    from meltano_runner.contract.run_record import RunRecord

    from meltano_pods.results.sinks import Target

_MAX_LINES = 100


def write_summary(record: RunRecord, target: Target) -> None:
    """Write what a run did to the log."""
    for each in record.warnings:
        target.log.warning("Check warned: %s", each.message)
    for line in list_stream_lines(record.result):
        target.log.info("  %s", line)
    target.log.info("%s", summarize_briefly(record.result))


def list_stream_lines(result: RunResult) -> list[str]:
    """Return a line for each stream, such as `orders: 12 extracted, 12 loaded; bookmark 7 -> 19`.

    Of more than 100 streams the largest are shown.
    """
    several = len(result.pipelines) > 1
    lines = [
        line for pipeline in result.pipelines for line in _iter_lines(pipeline, several=several)
    ]
    more = len(lines) - _MAX_LINES
    omitted = max(more, 0) + sum(each.streams_omitted for each in result.pipelines)
    if omitted:
        lines[_MAX_LINES:] = [pluralize(omitted, "more stream")]
    return lines


def _iter_lines(pipeline: PipelineResult, *, several: bool) -> Iterator[str]:
    prefix = f"{pipeline.tap} to {pipeline.target}, " if several else ""
    for stream in sorted(pipeline.streams, key=lambda each: -(each.counted or 0)):
        parts = [each for each in (_format_counts(stream), _format_bookmark(stream)) if each]
        if parts:
            yield f"{prefix}{stream.stream}: {'; '.join(parts)}"


def _format_counts(stream: StreamResult) -> str:
    if stream.counted is None:
        return ""
    return describe_counts(stream.extracted, stream.loaded)


def _format_bookmark(stream: StreamResult) -> str:
    before, after = stream.bookmark_before, stream.bookmark
    if after is None:
        return ""
    if before is None:
        return f"bookmark {after}"
    return f"bookmark {after}, as before" if before == after else f"bookmark {before} -> {after}"
