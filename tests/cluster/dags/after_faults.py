"""A DAG that runs when a pod of the project `faults` has loaded something."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, task

NUMBERS = Asset("x-meltano://faults/dev/target-followed/numbers")

with DAG("after.faults", schedule=[NUMBERS]):

    @task
    def tell(triggering_asset_events: Any = None) -> list[str]:
        """Return the DAGs that moved rows."""
        return [each.source_dag_id for each in triggering_asset_events[NUMBERS]]

    tell()
