"""A run's result in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import describe_counts, pluralize

if TYPE_CHECKING:
    from meltano_runner.contract.result import PipelineResult, RunResult, StreamResult

_STREAMS = 8


def summarize(result: RunResult) -> str:
    """Return one line, such as `succeeded: 3 records extracted, 3 loaded in 4.1 s`."""
    parts = [_describe_run(result)]
    for pipeline in result.pipelines:
        streams = [each for each in pipeline.streams if each.counted is not None or each.bookmark]
        parts += [_describe_stream(stream) for stream in streams[:_STREAMS]]
        more = len(streams) - _STREAMS
        if (hidden := max(more, 0) + pipeline.streams_omitted) > 0:
            parts.append(f"{pluralize(hidden, 'more stream')}")
        parts += _describe_state(pipeline)
    return "; ".join([*parts, *_describe_omitted(result), *_describe_dbt(result)])


def summarize_briefly(result: RunResult) -> str:
    """Return the same without streams, for use with separate lines for them."""
    states = [state for pipeline in result.pipelines for state in _describe_state(pipeline)]
    return "; ".join(
        [_describe_run(result), *states, *_describe_omitted(result), *_describe_dbt(result)]
    )


def _describe_run(result: RunResult) -> str:
    only_dbt = result.extracted is None and not result.pipelines and result.dbt
    counts = describe_counts(result.extracted, result.loaded, "record")
    done = result.dbt[0].plugin if only_dbt else counts
    # `records not counted in 0.0 s` would count in seconds.
    uncounted = result.extracted is None and not only_dbt
    took = f"{', after' if uncounted else ' in'} {result.seconds:.1f} s"
    text = f"{result.outcome.value}: {done}{took}"
    if result.peak_memory_bytes is not None:
        text += f", peak memory {result.peak_memory_bytes / 2**20:,.0f} MiB"
    return text


def _describe_omitted(result: RunResult) -> list[str]:
    return (
        [pluralize(result.pipelines_omitted, "more pipeline")] if result.pipelines_omitted else []
    )


def _describe_dbt(result: RunResult) -> list[str]:
    return [command.describe() for command in result.dbt]


def _describe_stream(stream: StreamResult) -> str:
    counts = describe_counts(stream.extracted, stream.loaded)
    bookmark = "" if stream.bookmark is None else f" (bookmark {stream.bookmark})"
    return f"{stream.stream}: {counts}{bookmark}"


def _describe_state(pipeline: PipelineResult) -> list[str]:
    if pipeline.state_id is None:
        return []
    return [f"state {pipeline.state_id} {'saved' if pipeline.state_saved else 'not saved'}"]
