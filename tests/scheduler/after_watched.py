"""DAGs that run when the project `watched` has loaded something; a DAG file of the Airflow here."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, task

PIPELINE = "x-meltano://watched/dev/tap-csv-to-target-jsonl"


def follow(name: str, outlet: Asset | AssetAlias) -> None:
    """Make a DAG that runs after an asset's events and returns how many records they report."""
    with DAG(f"after.{name}", schedule=[outlet]):

        @task
        def tell(triggering_asset_events: Any = None) -> list[int]:
            return [each.extra["extracted"] for each in triggering_asset_events[outlet]]

        tell()


follow("stream", Asset("x-meltano://watched/dev/target-jsonl/orders"))
follow("pipeline", Asset(PIPELINE))
follow("any", AssetAlias(f"{PIPELINE}/*"))
