"""A task whose run has ended, and as much of Airflow as it sees."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors
from meltano_pods.results import Reporting, Uris, declare_assets
from meltano_pods.results.task_report import RunEnd, finish_task, identify_task
from meltano_pods.settings.types.checks import parse_checks
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
PAIR = ("tap-a", "target-b")
DBT = "x-meltano://shop/dev/dbt"
PIPELINE = "x-meltano://shop/dev/tap-a-to-target-b"
STREAM = "x-meltano://shop/dev/target-b/"


def result(*streams: StreamResult, **fields: Any) -> RunResult:
    counts = [each.extracted for each in streams if each.extracted is not None]
    total = sum(counts) if counts else None
    pipeline = PipelineResult(*PAIR, "daily", state_saved=True, extracted=total, streams=streams)
    return RunResult(
        Outcome.SUCCEEDED, 0, extracted=total, seconds=1.5,
        pipelines=(pipeline,), **fields,
    )  # fmt: skip


ORDERS = StreamResult("orders", 12, 11, str(NOW - DAY), str(NOW - 2 * DAY), {"id": "integer"})
STALE = StreamResult("stale", 0, None, str(NOW - 9 * DAY), str(NOW - 9 * DAY))
FULL = StreamResult("full", 3)


class Ti:
    dag_id, task_id, run_id, try_number, max_tries = "shop.daily", "task", "run-1", 1, 2
    map_index, start_date = -1, NOW

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = json.loads(json.dumps(value))


class Task:
    def __init__(self, outlets: list[Any]) -> None:
        self.outlets = outlets
        self.log = logging.getLogger("task")


class AssetStore:
    """Stands for the state store of one asset; its values survive the task."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.kept = kept

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self.kept[key] = json.loads(json.dumps(value))


class Airflow:
    """As much of Airflow as a task sees that ends.

    Args:
        reporting: Of the task.
        environment: Meltano environment of the run.
        stores: Values in the state store of each asset, by URI, as earlier runs left them.
    """

    def __init__(
        self,
        reporting: Reporting,
        environment: str | None = "dev",
        stores: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.reporting = reporting
        self.ti = Ti()
        self.events = OutletEventAccessors()
        self.task = Task(declare_assets(reporting).get("outlets", []))
        self.context: Any = {"ti": self.ti, "outlet_events": self.events}
        assets = [each for each in self.task.outlets if isinstance(each, Asset)]
        if assets:
            kept = {} if stores is None else stores
            self.context["asset_state_store"] = {
                each: AssetStore(kept.setdefault(each.uri, {})) for each in assets
            }
        self.environment = environment

    def finish(self, outcome: RunResult) -> dict[str, Any]:
        """Report the run, and return what the task returns or raise what it raises."""
        task = identify_task(self.context, "shop", ["run", *PAIR], self.environment)
        end = RunEnd(task, outcome)
        return finish_task(end, self.reporting, self.task, self.context)  # type: ignore[arg-type]

    def stream_events(self) -> dict[str, Any]:
        found = {}
        for outlet in self.task.outlets:
            if isinstance(outlet, AssetAlias):
                for each in self.events[outlet].asset_alias_events:
                    assert each.dest_asset_key.name == each.dest_asset_key.uri
                    found[each.dest_asset_key.uri] = each.extra
        return found


def reporting(checks: dict[str, Any] | None = None, **fields: Any) -> Reporting:
    output = {"assets": Uris("", "").pattern, "pipelines": (PAIR,), **fields}
    return Reporting("shop", "dev", checks=parse_checks(checks or {}), **output)
