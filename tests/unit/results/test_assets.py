"""What a run moved, as events of assets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias
from meltano_pods.results import Uris, declare_assets
from meltano_runner.contract.dbt import DbtNode, DbtResult
from meltano_runner.contract.result import Outcome, RunResult, StreamResult

from tests.support.finished_task import (
    DBT,
    FULL,
    ORDERS,
    PAIR,
    PIPELINE,
    STALE,
    STREAM,
    Airflow,
    reporting,
    result,
)


class TestUris:
    @pytest.mark.parametrize(
        ("name", "quoted"),
        [
            ("orders", "orders"),
            ("a/b?c#d@e:f", "a%2Fb%3Fc%23d%40e%3Af"),
            ("Zeile 1", "Zeile%201"),
            ("größe", "gr%C3%B6%C3%9Fe"),
        ],
    )
    def test_they_survive_airflow_whatever_the_names(self, name: str, quoted: str) -> None:
        uri = Uris("shop", None).build_stream_uri(*PAIR, name)
        assert uri == f"x-meltano://shop/-/target-b/{quoted}"
        assert (Asset(uri).uri, Asset(uri).name) == (uri, uri)

    def test_a_table_is_named_as_the_target_names_it(self) -> None:
        uris = Uris("shop", "prod", "postgres://db:5432/{project}/{environment}/{table}")
        assert (
            uris.build_stream_uri(*PAIR, "public-Order Items")
            == "postgres://db:5432/shop/prod/order_items"
        )

    def test_project_environment_and_loader_tell_streams_apart(self) -> None:
        found = {
            Uris(project, environment).build_stream_uri("tap-a", loader, "orders")
            for project in ("a", "b")
            for environment in ("dev", "prod", None)
            for loader in ("target-b", "target-c")
        }
        assert len(found) == 12


class TestAssets:
    def test_declare_assets(self) -> None:
        two = reporting(pipelines=(PAIR, ("tap-a", "target-c"), PAIR))
        assert declare_assets(two) == {
            "inlets": [Asset("x-meltano://shop/dev/tap-a")],
            "outlets": [
                Asset(PIPELINE),
                Asset("x-meltano://shop/dev/tap-a-to-target-c"),
                AssetAlias(f"{PIPELINE}/*"),
                AssetAlias("x-meltano://shop/dev/tap-a-to-target-c/*"),
            ],
        }

    @pytest.mark.parametrize("none", [{"assets": None}, {"pipelines": ()}])
    def test_none_where_switched_off_or_nothing_is_loaded(self, none: dict[str, Any]) -> None:
        airflow = Airflow(reporting(**none))
        assert declare_assets(airflow.reporting) == {}
        airflow.finish(result(ORDERS))
        assert len(airflow.events) == 0

    def test_streams_that_moved_have_events_with_figures(self) -> None:
        airflow = Airflow(reporting())
        airflow.finish(result(ORDERS, STALE, FULL))
        assert airflow.events[Asset(PIPELINE)].extra["extracted"] == 15
        events = airflow.stream_events()
        assert set(events) == {f"{STREAM}orders", f"{STREAM}full"}
        assert events[f"{STREAM}orders"] == {
            "run_id": "run-1", "environment": "dev", "extractor": "tap-a", "loader": "target-b",
            "state_id": "daily", "stream": "orders", "extracted": 12, "loaded": 11,
            "bookmark": ORDERS.bookmark, "bookmark_before": ORDERS.bookmark_before,
        }  # fmt: skip

    def test_a_run_that_moved_nothing_has_that_of_its_pipeline_alone(self) -> None:
        airflow = Airflow(reporting())
        airflow.finish(result(STALE))
        assert airflow.events[Asset(PIPELINE)].extra["extracted"] == 0
        assert airflow.stream_events() == {}

    def test_where_nothing_is_counted_bookmarks_tell(self) -> None:
        airflow = Airflow(reporting())
        airflow.finish(
            result(
                StreamResult("news", bookmark="8", bookmark_before="7"),
                StreamResult("same", bookmark="7", bookmark_before="7"),
                StreamResult("full"),
            )
        )
        assert set(airflow.stream_events()) == {f"{STREAM}news", f"{STREAM}full"}

    def test_a_utility_reads_what_was_loaded_before_it(self) -> None:
        found = declare_assets(reporting(pipelines=(), utilities=("dbt",), reads=(PAIR,)))
        assert found == {
            "inlets": [Asset(PIPELINE)],
            "outlets": [Asset(DBT), AssetAlias(f"{DBT}/*")],
        }

    def test_what_dbt_built_has_events(self) -> None:
        airflow = Airflow(reporting(pipelines=(), utilities=("dbt",)))
        nodes = [
            DbtNode("orders", "model", "success", 0.5, 12),
            DbtNode("unique_orders", "test", "pass", 0.1, None, 0),
            DbtNode("left_out", "model", "skipped"),
        ]
        command = DbtResult.from_nodes("dbt", "build", 1.0, nodes)
        airflow.finish(RunResult(Outcome.SUCCEEDED, 0, dbt=(command,)))
        assert airflow.events[Asset(DBT)].extra == {
            "run_id": "run-1", "environment": "dev", "utility": "dbt",
        }  # fmt: skip
        assert airflow.stream_events() == {
            f"{DBT}/orders": {
                "run_id": "run-1", "environment": "dev", "utility": "dbt", "command": "build",
                "rows": 12, "seconds": 0.5,
            }
        }  # fmt: skip

    def test_another_environment_has_other_assets(self) -> None:
        airflow = Airflow(reporting(), environment="prod")
        airflow.finish(result(ORDERS))
        assert Asset(PIPELINE) not in airflow.task.outlets
        assert set(airflow.stream_events()) == {"x-meltano://shop/prod/target-b/orders"}

    def test_a_uri_that_airflow_refuses_fails_no_run(self, log: pytest.LogCaptureFixture) -> None:
        airflow = Airflow(reporting(assets="file:///{stream}"))
        airflow.reporting = replace(airflow.reporting, assets="airflow://x/{stream}")
        airflow.finish(result(ORDERS))
        assert airflow.stream_events() == {}
        assert "No asset airflow://x/orders" in log.text
