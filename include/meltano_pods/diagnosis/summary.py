"""A run's result in one line."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context
    from meltano_runner.contract import PipelineResult, RunResult, StreamResult

SUMMARY = "summary"
"""Key of the XCom that holds this line, whichever way the run ended."""
_STREAMS = 8


def summarize(result: RunResult) -> str:
    """Return one line, such as `succeeded: 12 records in 4.1 s; csv: 12 (bookmark 2026-01-02)`."""
    only_dbt = result.records is None and not result.pipelines and result.dbt
    done = result.dbt[0].plugin if only_dbt else _records(result.records)
    parts = [f"{result.outcome.value}: {done} in {result.seconds:.1f} s"]
    if result.peak_memory_bytes is not None:
        parts[0] += f", peak memory {result.peak_memory_bytes / 2**20:,.0f} MiB"
    for pipeline in result.pipelines:
        parts += [_stream(stream) for stream in pipeline.streams[:_STREAMS]]
        more = len(pipeline.streams) - _STREAMS
        if (hidden := max(more, 0) + pipeline.streams_omitted) > 0:
            parts.append(f"{hidden} more streams")
        if (state := _state(pipeline)) is not None:
            parts.append(state)
    if result.pipelines_omitted:
        parts.append(f"{result.pipelines_omitted} more pipelines")
    parts += [command.describe() for command in result.dbt]
    return "; ".join(parts)


def push_summary(context: Context, result: RunResult) -> None:
    """Show a result's line among the task's XComs."""
    # A task that was ended by somebody may push nothing any more; why it ended matters more.
    with suppress(Exception):
        context["ti"].xcom_push(key=SUMMARY, value=summarize(result))


def _records(count: int | None) -> str:
    if count is None:
        return "records not counted"
    return f"{count:,} record{'' if count == 1 else 's'}"


def _stream(stream: StreamResult) -> str:
    count = stream.extracted if stream.extracted is not None else stream.loaded
    figure = "not counted" if count is None else f"{count:,}"
    bookmark = "" if stream.bookmark is None else f" (bookmark {stream.bookmark})"
    return f"{stream.stream}: {figure}{bookmark}"


def _state(pipeline: PipelineResult) -> str | None:
    if pipeline.state_id is None:
        return None
    return f"state {pipeline.state_id} {'saved' if pipeline.state_saved else 'not saved'}"
