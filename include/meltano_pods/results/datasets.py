"""The datasets that a task declares, and those that a run of it wrote.

A pipeline's own dataset is known beforehand. Streams and models are known once they have moved, and
only those that moved are listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_runner.contract.run_record import Dataset

from meltano_pods.results.uris import Uris
from meltano_pods.settings.types.assets import DEFAULT_URI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.contract.result import PipelineResult, RunResult, StreamResult
    from meltano_runner.contract.run_record import TaskIdentity

    from meltano_pods.results.options import Reporting

_BUILT = ("model", "seed", "snapshot")


def declare_assets(reporting: Reporting) -> dict[str, list[Any]]:
    """Return a task's assets, by the names of Airflow's arguments; empty if it has none."""
    if reporting.assets is None or not (reporting.pipelines or reporting.utilities):
        return {}
    from airflow.sdk import Asset, AssetAlias  # noqa: PLC0415 - the command line needs none

    uris = Uris(reporting.project, reporting.environment)
    pairs = dict.fromkeys(reporting.pipelines)
    return {
        "inlets": [
            *(
                Asset(uris.build_extractor_uri(each))
                for each in dict.fromkeys(tap for tap, _ in pairs)
            ),
            *(Asset(uris.build_pipeline_uri(*pair)) for pair in reporting.reads),
        ],
        "outlets": [
            *(Asset(uris.build_pipeline_uri(*pair)) for pair in pairs),
            *(AssetAlias(uris.build_streams_alias(*pair)) for pair in pairs),
            *(Asset(uris.build_utility_uri(each)) for each in reporting.utilities),
            *(AssetAlias(uris.build_models_alias(each)) for each in reporting.utilities),
        ],
    }


def list_datasets(
    reporting: Reporting, task: TaskIdentity, result: RunResult
) -> tuple[Dataset, ...]:
    """Return what a run wrote.

    Args:
        reporting: What the task's settings say.
        task: The task, with the environment in which the run took place.
        result: What the run did.
    """
    planned = Uris(reporting.project, reporting.environment)
    actual = Uris(reporting.project, task.environment, reporting.assets or DEFAULT_URI)
    found: list[Dataset] = []
    for pipeline in result.pipelines:
        if pipeline.target is not None:
            found += _list_loaded(planned, actual, task, pipeline)
    for utility in reporting.utilities:
        found += _list_built(planned, actual, task, result, utility)
    return tuple(found)


def _list_loaded(
    planned: Uris, actual: Uris, task: TaskIdentity, pipeline: PipelineResult
) -> Iterator[Dataset]:
    pair = (pipeline.tap, str(pipeline.target))
    facts = {
        "run_id": task.run_id,
        "environment": task.environment,
        "extractor": pipeline.tap,
        "loader": pipeline.target,
        "state_id": pipeline.state_id,
    }
    counts = {"extracted": pipeline.extracted, "loaded": pipeline.loaded}
    yield Dataset(actual.build_pipeline_uri(*pair), facts={**facts, **counts})
    for stream in _list_moved(pipeline):
        uri, alias = (
            actual.build_stream_uri(*pair, stream.stream),
            planned.build_streams_alias(*pair),
        )
        yield Dataset(uri, alias, {**facts, **_describe_stream(stream)})


def _list_built(
    planned: Uris, actual: Uris, task: TaskIdentity, result: RunResult, utility: str
) -> Iterator[Dataset]:
    facts = {"run_id": task.run_id, "environment": task.environment, "utility": utility}
    yield Dataset(actual.build_utility_uri(utility), facts=facts)
    built = {
        node.name: {"command": command.command, "rows": node.rows, "seconds": node.seconds}
        for command in result.dbt
        for node in command.nodes
        if command.plugin == utility and node.type in _BUILT and node.status == "success"
    }
    for name, figures in built.items():
        yield Dataset(
            actual.build_model_uri(utility, name),
            planned.build_models_alias(utility),
            {**facts, **figures},
        )


def _list_moved(pipeline: PipelineResult) -> list[StreamResult]:
    counted = any(stream.counted is not None for stream in pipeline.streams)
    return [
        stream
        for stream in pipeline.streams
        # If nothing is counted, a bookmark that did not move means that nothing came.
        if stream.counted
        or (not counted and (stream.bookmark is None or stream.bookmark != stream.bookmark_before))
    ]


def _describe_stream(stream: StreamResult) -> dict[str, Any]:
    return {
        "stream": stream.stream,
        "extracted": stream.extracted,
        "loaded": stream.loaded,
        "bookmark": stream.bookmark,
        "bookmark_before": stream.bookmark_before,
    }
