"""What a run moved, as events of Airflow's assets.

A pipeline's own asset has an event for each run that succeeds, and is known beforehand. Streams are
known once they have moved: their events go through an alias, and only streams that moved something
have one. A run that fails has none at all.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/assets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

from meltano_pods.results.uris import SCHEME, Uris

_BUILT = ("model", "seed", "snapshot")

if TYPE_CHECKING:
    from collections.abc import Collection

    from meltano_runner.contract import PipelineResult, RunResult, StreamResult

    from meltano_pods.results.ended import Ended
    from meltano_pods.results.options import Reporting


def inlets_and_outlets(reporting: Reporting) -> dict[str, list[Any]]:
    """Return a task's assets, by the names of Airflow's arguments; empty where it has none."""
    if reporting.assets is None or not (reporting.pipelines or reporting.utilities):
        return {}
    uris = Uris(reporting.project, reporting.environment)
    pairs = dict.fromkeys(reporting.pipelines)
    return {
        "inlets": [
            *(Asset(uris.extractor(each)) for each in dict.fromkeys(tap for tap, _ in pairs)),
            *(Asset(uris.pipeline(*pair)) for pair in reporting.reads),
        ],
        "outlets": [
            *(Asset(uris.pipeline(*pair)) for pair in pairs),
            *(AssetAlias(uris.streams(*pair)) for pair in pairs),
            *(Asset(uris.utility(each)) for each in reporting.utilities),
            *(AssetAlias(uris.models(each)) for each in reporting.utilities),
        ],
    }


def emit(ended: Ended, reporting: Reporting, result: RunResult) -> None:
    """Tell Airflow, once the task has succeeded, what moved.

    Args:
        ended: The task.
        reporting: What is to be done with the result.
        result: What the run did.
    """
    if reporting.assets is None:
        return
    planned = Uris(reporting.project, reporting.environment)
    there = Uris(reporting.project, ended.environment, reporting.assets)
    ran = [each for each in result.pipelines if each.target is not None]
    own = {there.pipeline(each.tap, str(each.target)): each for each in ran}
    # An outlet has an event unless it is gone; a run in another environment is another pipeline's.
    utilities = [there.utility(each) for each in reporting.utilities]
    known = {*own, *utilities}
    ended.task.outlets = [each for each in ended.task.outlets if not _is_others(each, known)]
    for uri, pipeline in own.items():
        if (asset := Asset(uri)) in ended.task.outlets:
            counts = {"extracted": pipeline.extracted, "loaded": pipeline.loaded}
            extra = {**_about(ended, pipeline), **counts}
            ended.context["outlet_events"][asset].extra = extra
    for pipeline in ran:
        alias = AssetAlias(planned.streams(pipeline.tap, str(pipeline.target)))
        if alias in ended.task.outlets:
            _emit_streams(ended, alias, there, pipeline)
    for utility in reporting.utilities:
        about = {"run_id": ended.context["ti"].run_id, "environment": ended.environment}
        if (asset := Asset(there.utility(utility))) in ended.task.outlets:
            ended.context["outlet_events"][asset].extra = {**about, "utility": utility}
        if (alias := AssetAlias(planned.models(utility))) in ended.task.outlets:
            for name, figures in _built(result, utility).items():
                built = Asset(there.model(utility, name))
                extra = {**about, "utility": utility, **figures}
                ended.context["outlet_events"][alias].add(built, extra=extra)


def _built(result: RunResult, utility: str) -> dict[str, dict[str, Any]]:
    """Return what dbt reports about each model, seed and snapshot it built, by name."""
    return {
        node.name: {"command": command.command, "rows": node.rows, "seconds": node.seconds}
        for command in result.dbt
        for node in command.nodes
        if command.plugin == utility and node.type in _BUILT and node.status == "success"
    }


def _is_others(outlet: object, own: Collection[str]) -> bool:
    return isinstance(outlet, Asset) and outlet.uri.startswith(SCHEME) and outlet.uri not in own


def _emit_streams(ended: Ended, alias: AssetAlias, uris: Uris, pipeline: PipelineResult) -> None:
    events = ended.context["outlet_events"][alias]
    for stream in _moved(pipeline):
        uri = uris.stream(pipeline.tap, str(pipeline.target), stream.stream)
        try:
            asset = Asset(uri)
        except ValueError as error:
            ended.log.warning("No asset %s, see the setting `assets`: %s", uri, error)
            continue
        events.add(asset, extra={**_about(ended, pipeline), **_figures(stream)})


def _about(ended: Ended, pipeline: PipelineResult) -> dict[str, Any]:
    return {
        "run_id": ended.context["ti"].run_id,
        "environment": ended.environment,
        "extractor": pipeline.tap,
        "loader": pipeline.target,
        "state_id": pipeline.state_id,
    }


def _moved(pipeline: PipelineResult) -> list[StreamResult]:
    counted = any(stream.counted is not None for stream in pipeline.streams)
    return [
        stream
        for stream in pipeline.streams
        # Where nothing is counted, a bookmark that stays tells that nothing came.
        if stream.counted
        or (not counted and (stream.bookmark is None or stream.bookmark != stream.bookmark_before))
    ]


def _figures(stream: StreamResult) -> dict[str, Any]:
    return {
        "stream": stream.stream,
        "extracted": stream.extracted,
        "loaded": stream.loaded,
        "bookmark": stream.bookmark,
        "bookmark_before": stream.bookmark_before,
    }
