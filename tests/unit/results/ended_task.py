"""A task that has ended, and what its run did."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors
from meltano_pods.results import Reporting, Uris, inlets_and_outlets, report
from meltano_pods.results.ended import Ended
from meltano_pods.settings.types.checks import parse_checks
from meltano_runner.contract import (
    Outcome,
    PipelineResult,
    RunResult,
    StreamResult,
)

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

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = json.loads(json.dumps(value))


class Task:
    def __init__(self, outlets: list[Any]) -> None:
        self.outlets = outlets


class Airflow:
    """As much of Airflow as a task sees that ends."""

    def __init__(self, reporting: Reporting, environment: str | None = "dev") -> None:
        self.reporting = reporting
        self.ti = Ti()
        self.events = OutletEventAccessors()
        self.task = Task(inlets_and_outlets(reporting).get("outlets", []))
        self.context: Any = {"ti": self.ti, "outlet_events": self.events}
        log: Any = logging.getLogger("task")
        self.ended = Ended(self.task, self.context, log, "shop: run", environment)  # type: ignore[arg-type]

    def succeed(self, outcome: RunResult) -> dict[str, Any]:
        return report.succeeded(self.ended, self.reporting, outcome)

    def stream_events(self) -> dict[str, Any]:
        found = {}
        for outlet in self.task.outlets:
            if isinstance(outlet, AssetAlias):
                for each in self.events[outlet].asset_alias_events:
                    assert each.dest_asset_key.name == each.dest_asset_key.uri
                    found[each.dest_asset_key.uri] = each.extra
        return found


def reporting(checks: dict[str, Any] | None = None, **fields: Any) -> Reporting:
    said = {"assets": Uris("", "").pattern, "pipelines": (PAIR,), **fields}
    return Reporting("shop", "dev", checks=parse_checks(checks or {}), **said)
