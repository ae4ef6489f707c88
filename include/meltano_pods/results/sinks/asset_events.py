"""Events of Airflow assets, for a run that succeeded.

The asset of a pipeline is an outlet of its task. Streams and models are known only once they have
moved, so their events go through an alias.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/assets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Asset, AssetAlias

from meltano_pods.results.uris import SCHEME

if TYPE_CHECKING:
    from collections.abc import Collection

    from meltano_runner.contract.run_record import RunRecord

    from meltano_pods.results.sinks import Target


def emit_asset_events(record: RunRecord, target: Target) -> None:
    """Add the events, which Airflow registers once the task has succeeded."""
    if target.airflow is None or target.reporting.assets is None or not record.succeeded:
        return
    operator, events = target.airflow.operator, target.airflow.context["outlet_events"]
    # Every remaining outlet gets an event. A run in another environment is another pipeline.
    known = {each.uri for each in record.datasets if each.alias is None}
    operator.outlets = [each for each in operator.outlets if not _is_foreign(each, known)]
    for dataset in record.datasets:
        if dataset.alias is None:
            if (asset := Asset(dataset.uri)) in operator.outlets:
                events[asset].extra = dict(dataset.facts)
        elif (alias := AssetAlias(dataset.alias)) in operator.outlets:
            try:
                asset = Asset(dataset.uri)
            except ValueError as error:
                target.log.warning("No asset %s, see the setting `assets`: %s", dataset.uri, error)
                continue
            events[alias].add(asset, extra=dict(dataset.facts))


def _is_foreign(outlet: object, known: Collection[str]) -> bool:
    return isinstance(outlet, Asset) and outlet.uri.startswith(SCHEME) and outlet.uri not in known
