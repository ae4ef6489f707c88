"""One project run for three tenants, and a DAG that follows once all of them have new rows.

Each tenant is a separate run (a pod or a process) with its own variables and state.
"""

import json
import os

from airflow.sdk import DAG, Asset, get_current_context, task
from meltano_pods import meltano_task

ENVIRONMENT = os.environ.get("MELTANO_ENVIRONMENT") or "dev"
TENANTS = {"north": ["IS", "SE"], "south": ["BR", "ES"], "east": ["JP", "KR"]}


def variables(tenant: str) -> dict[str, str]:
    """Return what differs between tenants: here the countries, and the name of the stream."""
    stream = f"orders_{tenant}"
    maps = {stream: {"__filter__": f"country in {TENANTS[tenant]}"}}
    return {"TAP_CSV_STREAM": stream, "TAP_CSV_STREAM_MAPS": json.dumps(maps)}


with DAG(
    "tenants.load",
    description="Moves the orders of each tenant",
    tags=["example"],
    max_active_runs=1,
):
    meltano_task.partial(
        task_id="load",
        project="csv_to_json",
        run="tap-csv target-jsonl",
        environment=ENVIRONMENT,
    ).expand_kwargs([{"state_id_suffix": tenant, "env": variables(tenant)} for tenant in TENANTS])


ORDERS = {
    tenant: Asset(f"x-meltano://csv_to_json/{ENVIRONMENT}/target-jsonl/orders_{tenant}")
    for tenant in TENANTS
}

with DAG(
    "tenants.report",
    description="Runs when all tenants have new orders",
    schedule=list(ORDERS.values()),
    tags=["example"],
):

    @task
    def report() -> dict[str, int]:
        """Return how many records of each tenant were extracted since the last report."""
        events = get_current_context()["triggering_asset_events"]
        return {
            tenant: sum(event.extra["extracted"] or 0 for event in events[asset])
            for tenant, asset in ORDERS.items()
        }

    report()
