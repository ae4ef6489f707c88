"""What becomes of a run's result: lines, checks, asset events, XComs."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors
from meltano_pods.diagnosis import RunFailedError, RunRefusedError
from meltano_pods.results import Reporting, Uris, columns, inlets_and_outlets, report
from meltano_pods.results.age import span, time_of
from meltano_pods.results.ended import Ended
from meltano_pods.results.lines import stream_lines
from meltano_pods.settings.expect import check_expect
from meltano_runner.contract import (
    Category,
    DbtNode,
    DbtResult,
    Outcome,
    PipelineResult,
    RunResult,
    StreamResult,
)

from tests.unit.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
PAIR = ("tap-a", "target-b")
DBT = "x-meltano://shop/dev/dbt"
PIPELINE = "x-meltano://shop/dev/tap-a-to-target-b"
STREAM = "x-meltano://shop/dev/target-b/"


def result(*streams: StreamResult, **fields: Any) -> RunResult:
    counts = [each.extracted for each in streams if each.extracted is not None]
    pipeline = PipelineResult(*PAIR, "daily", state_saved=True, streams=streams)
    return RunResult(
        Outcome.SUCCEEDED, 0, records=sum(counts) if counts else None, seconds=1.5,
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


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = Variables()
    monkeypatch.setattr(columns, "Variable", found)
    return found.kept


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "task"):
        yield caplog


def reporting(expect: dict[str, Any] | None = None, **fields: Any) -> Reporting:
    said = {"assets": Uris("", "").pattern, "pipelines": (PAIR,), **fields}
    return Reporting("shop", "dev", expect=check_expect(expect or {}), **said)


class TestLines:
    def test_each_stream_has_a_line(self) -> None:
        assert stream_lines(result(STALE, FULL, ORDERS)) == [
            f"orders: 12 extracted, 11 loaded; bookmark {NOW - 2 * DAY} -> {NOW - DAY}",
            "full: 3 extracted",
            f"stale: 0 extracted; bookmark {NOW - 9 * DAY}, as before",
        ]

    def test_a_first_run_and_a_stream_of_which_nothing_is_known(self) -> None:
        assert stream_lines(result(StreamResult("a", bookmark="7"), StreamResult("b"))) == [
            "a: bookmark 7"
        ]

    def test_pipelines_are_named_where_there_are_several(self) -> None:
        two = replace(result(FULL), pipelines=result(FULL).pipelines * 2)
        assert stream_lines(two)[0] == "tap-a to target-b, full: 3 extracted"

    def test_many_streams_are_cut(self) -> None:
        many = result(*(StreamResult(f"s{number}", number) for number in range(250)))
        lines = stream_lines(many)
        assert len(lines) == 101
        assert (lines[0], lines[-1]) == ("s249: 249 extracted", "150 more streams")


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
        uri = Uris("shop", None).stream(*PAIR, name)
        assert uri == f"x-meltano://shop/-/target-b/{quoted}"
        assert (Asset(uri).uri, Asset(uri).name) == (uri, uri)

    def test_a_table_is_named_as_the_target_names_it(self) -> None:
        uris = Uris("shop", "prod", "postgres://db:5432/{project}/{environment}/{table}")
        assert (
            uris.stream(*PAIR, "public-Order Items") == "postgres://db:5432/shop/prod/order_items"
        )

    def test_project_environment_and_loader_tell_streams_apart(self) -> None:
        found = {
            Uris(project, environment).stream("tap-a", loader, "orders")
            for project in ("a", "b")
            for environment in ("dev", "prod", None)
            for loader in ("target-b", "target-c")
        }
        assert len(found) == 12


class TestAssets:
    def test_inlets_and_outlets(self) -> None:
        two = reporting(pipelines=(PAIR, ("tap-a", "target-c"), PAIR))
        assert inlets_and_outlets(two) == {
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
        assert inlets_and_outlets(airflow.reporting) == {}
        airflow.succeed(result(ORDERS))
        assert len(airflow.events) == 0

    def test_streams_that_moved_have_events_with_figures(self) -> None:
        airflow = Airflow(reporting())
        airflow.succeed(result(ORDERS, STALE, FULL))
        assert airflow.events[Asset(PIPELINE)].extra["records"] == 15
        events = airflow.stream_events()
        assert set(events) == {f"{STREAM}orders", f"{STREAM}full"}
        assert events[f"{STREAM}orders"] == {
            "run_id": "run-1", "environment": "dev", "extractor": "tap-a", "loader": "target-b",
            "state_id": "daily", "stream": "orders", "records": 12, "extracted": 12, "loaded": 11,
            "bookmark": ORDERS.bookmark, "bookmark_before": ORDERS.bookmark_before,
        }  # fmt: skip

    def test_a_run_that_moved_nothing_has_that_of_its_pipeline_alone(self) -> None:
        airflow = Airflow(reporting())
        airflow.succeed(result(STALE))
        assert airflow.events[Asset(PIPELINE)].extra["records"] == 0
        assert airflow.stream_events() == {}

    def test_where_nothing_is_counted_bookmarks_tell(self) -> None:
        airflow = Airflow(reporting())
        airflow.succeed(
            result(
                StreamResult("news", bookmark="8", bookmark_before="7"),
                StreamResult("same", bookmark="7", bookmark_before="7"),
                StreamResult("full"),
            )
        )
        assert set(airflow.stream_events()) == {f"{STREAM}news", f"{STREAM}full"}

    def test_a_utility_reads_what_was_loaded_before_it(self) -> None:
        found = inlets_and_outlets(reporting(pipelines=(), utilities=("dbt",), reads=(PAIR,)))
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
        command = DbtResult.of("dbt", "build", 1.0, nodes)
        airflow.succeed(RunResult(Outcome.SUCCEEDED, 0, dbt=(command,)))
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
        airflow.succeed(result(ORDERS))
        assert Asset(PIPELINE) not in airflow.task.outlets
        assert set(airflow.stream_events()) == {"x-meltano://shop/prod/target-b/orders"}

    def test_a_uri_that_airflow_refuses_fails_no_run(self, log: pytest.LogCaptureFixture) -> None:
        airflow = Airflow(reporting(assets="file:///{stream}"))
        airflow.reporting = replace(airflow.reporting, assets="airflow://x/{stream}")
        airflow.succeed(result(ORDERS))
        assert airflow.stream_events() == {}
        assert "No asset airflow://x/orders" in log.text


class TestChecks:
    @pytest.mark.parametrize(
        ("expect", "message"),
        [
            ({"min_records": 16}, "the run: 15 records, at least 16 expected (min_records)"),
            (
                {"streams": {"orders": {"min_records": 100}}},
                "orders: 12 records, at least 100 expected (min_records)",
            ),
            ({"streams": {"s*": {"min_records": 1}}}, "stale: 0 records, at least 1 expected"),
            ({"max_age": "12h"}, " old, at most 12h expected (max_age)"),
            ({"streams": {"*": {"max_age": "2d"}}}, "stale: the newest bookmark"),
            (
                {"streams": {"full": {"max_age": "2d"}}},
                "full: at most 2d old expected, but there is no bookmark",
            ),
            (
                {"streams": {"order": {"min_records": 1}}},
                "order: the run has no such stream; it has: orders, stale, full",
            ),
        ],
    )
    def test_what_is_not_met_fails_the_task(
        self, expect: dict[str, Any], message: str, log: pytest.LogCaptureFixture
    ) -> None:
        airflow = Airflow(reporting(expect))
        with pytest.raises(RunRefusedError) as raised:
            airflow.succeed(result(ORDERS, STALE, FULL))
        assert raised.value.category is Category.EXPECTATION_FAILED
        text = str(raised.value)
        assert message in text
        assert "retry: no" in text
        assert "What was loaded stays loaded" in text
        assert airflow.stream_events() == {}
        assert message in airflow.ti.xcoms["result"]["checks"]["failed"][0]["message"]
        assert airflow.ti.xcoms["result"]["category"] == "expectation_failed"
        assert airflow.context["run_label"] == "expectation_failed, 15 records"
        assert "orders: 12 extracted" in log.text

    @pytest.mark.parametrize(
        "expect",
        [
            {"min_records": 15},
            {"max_age": "2d"},
            {"streams": {"orders": {"min_records": {"warn": 12, "fail": 1}, "max_age": "25h"}}},
            {"streams": {"*": {"max_age": "1d"}, "stale": {"max_age": "30d"}, "orders": None}}
            | {"streams": {"*": {"max_age": "30d"}}},
            {"schema_change": "fail"},
        ],
    )
    def test_what_is_met_passes(self, expect: dict[str, Any]) -> None:
        checks = Airflow(reporting(expect)).succeed(result(ORDERS, STALE, FULL))["checks"]
        assert (checks["warned"], checks["failed"]) == ([], [])
        assert checks["passed"] > 0

    def test_a_warning_is_told_and_the_run_goes_on(self, log: pytest.LogCaptureFixture) -> None:
        airflow = Airflow(reporting({"min_records": {"warn": 100, "fail": 5}}))
        value = airflow.succeed(result(ORDERS))
        (warned,) = value["checks"]["warned"]
        assert (warned["check"], warned["stream"], warned["found"]) == ("min_records", None, 12)
        assert airflow.stream_events()
        assert "Not as expected: the run: 12 records, at least 100 expected" in log.text
        assert [each.levelname for each in log.records].count("WARNING") == 1
        assert airflow.ti.xcoms["summary"].endswith("; 1 warning")
        assert airflow.context["run_label"] == "12 records; 1 warning"

    def test_a_single_stream_overrides_patterns(self) -> None:
        expect = {"streams": {"*": {"min_records": 1}, "stale": {"min_records": 0}}}
        assert Airflow(reporting(expect)).succeed(result(ORDERS, STALE))["checks"]["passed"] == 2

    @pytest.mark.parametrize("check", [{"min_records": 1}, {"max_age": "1d"}])
    def test_what_cannot_be_told_is_not_met(self, check: dict[str, Any]) -> None:
        with pytest.raises(RunFailedError, match="expected, but"):
            Airflow(reporting(check)).succeed(result(StreamResult("a", bookmark="17")))

    def test_a_stream_that_was_cut_off_only_warns(self) -> None:
        short = result(ORDERS)
        short = replace(short, pipelines=(replace(short.pipelines[0], streams_omitted=9),))
        airflow = Airflow(reporting({"streams": {"full": {"min_records": 1}}}))
        (warned,) = airflow.succeed(short)["checks"]["warned"]
        assert "the result was cut" in warned["message"]

    def test_a_stream_of_two_pipelines_counts_as_one(self) -> None:
        two = replace(result(ORDERS), pipelines=result(ORDERS).pipelines * 2)
        expect = {"min_records": 24, "streams": {"orders": {"min_records": 24}}}
        assert Airflow(reporting(expect)).succeed(two)["checks"]["passed"] == 2

    def test_a_bookmark_of_a_stream_that_is_selected_no_more_does_not_count(self) -> None:
        gone = StreamResult("gone", bookmark=str(NOW - 99 * DAY), bookmark_before="x")
        expect = {"streams": {"*": {"max_age": "2d"}}}
        assert Airflow(reporting(expect)).succeed(result(ORDERS, gone))["checks"]["passed"] == 1

    def test_a_pattern_that_fits_nothing_is_told(self) -> None:
        airflow = Airflow(reporting({"streams": {"public-*": {"min_records": 1}}}))
        (warned,) = airflow.succeed(result(ORDERS))["checks"]["warned"]
        assert "no stream of the run fits" in warned["message"]

    def test_a_utility_is_not_checked(self) -> None:
        utility = RunResult(Outcome.SUCCEEDED, 0)
        assert "checks" not in Airflow(reporting({"min_records": 1})).succeed(utility)


class TestColumns:
    BEFORE = replace(ORDERS, columns={"id": "integer", "note": "string", "at": "date-time"})
    AFTER = replace(ORDERS, columns={"id": "string", "at": "date-time", "new": "number"})
    CHANGED = (
        "orders: columns added: new (number), removed: note (string), "
        "another type: id (integer -> string) (schema_change)"
    )

    def test_a_change_is_told_once(self, variables: dict[str, str]) -> None:
        expect = {"streams": {"orders": {"schema_change": "fail"}}}
        assert Airflow(reporting(expect)).succeed(result(self.BEFORE))["checks"]["passed"] == 1
        (kept,) = variables.items()
        assert kept[0] == "meltano_pods.columns.shop.daily"
        for _ in range(2):
            Airflow(reporting(expect)).succeed(result(self.BEFORE))
        with pytest.raises(RunRefusedError) as raised:
            Airflow(reporting(expect)).succeed(result(self.AFTER))
        assert self.CHANGED in str(raised.value)
        # Whoever clears the task says by it that the change is all right.
        assert Airflow(reporting(expect)).succeed(result(self.AFTER))["checks"]["passed"] == 1

    def test_kinds_of_change_are_told_apart(self) -> None:
        expect = {"schema_change": {"warn": ["added", "removed"], "fail": "type"}}
        Airflow(reporting(expect)).succeed(result(self.BEFORE))
        same_types = replace(self.AFTER, columns={"id": "integer", "new": "number"})
        (warned,) = Airflow(reporting(expect)).succeed(result(same_types))["checks"]["warned"]
        assert warned["found"]["orders"]["added"] == {"new": "number"}
        assert warned["found"]["orders"]["type"] == {}

    def test_a_stream_that_is_new_or_left_out_is_no_change(self) -> None:
        expect = {"schema_change": "fail"}
        other = replace(self.AFTER, stream="other")
        for each in (self.BEFORE, other, self.BEFORE):
            Airflow(reporting(expect)).succeed(result(each))

    def test_columns_that_are_not_known_have_not_passed(self) -> None:
        checks = Airflow(reporting({"schema_change": "fail"})).succeed(result(FULL))["checks"]
        assert checks["passed"] == 0
        assert "tap-a to target-b: no columns are known" in checks["warned"][0]["message"]

    def test_nothing_is_kept_that_is_not_asked_for(self, variables: dict[str, str]) -> None:
        Airflow(reporting({"min_records": 1})).succeed(result(self.BEFORE))
        assert variables == {}

    @pytest.mark.parametrize("text", ["{", "[]", '{"orders": 1}'])
    def test_what_somebody_has_written_there_is_no_obstacle(
        self, variables: dict[str, str], text: str
    ) -> None:
        variables["meltano_pods.columns.shop.daily"] = text
        Airflow(reporting({"schema_change": "fail"})).succeed(result(self.BEFORE))
        assert "integer" in variables["meltano_pods.columns.shop.daily"]

    def test_a_run_does_not_fail_for_want_of_memory(
        self, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise RuntimeError("the API is gone")

        monkeypatch.setattr(f"{columns.__name__}.Variable.set", refuse)
        value = Airflow(reporting({"schema_change": "fail"})).succeed(result(self.BEFORE))
        assert value["checks"]["passed"] == 0
        assert "not at hand" in value["checks"]["warned"][0]["message"]
        assert "the API is gone" in log.text

    def test_long_names_make_short_keys(self) -> None:
        pipelines = [PipelineResult(*PAIR, state_id=f"{'s' * 300}{end}") for end in ("a", "b")]
        keys = {columns.variable_name("shop", each) for each in pipelines}
        assert len(keys) == 2
        assert max(map(len, keys)) <= 250


class TestXComs:
    def test_a_failed_run_leaves_its_result_too(self) -> None:
        airflow = Airflow(reporting())
        ending = replace(result(ORDERS), outcome=Outcome.FAILED, category=Category.TAP_FAILED)
        report.failed(airflow.ended, ending)
        assert airflow.ti.xcoms["result"]["pipelines"][0]["streams"][0]["stream"] == "orders"
        assert airflow.ti.xcoms["summary"].startswith("failed: 12 records")
        assert airflow.context["run_label"] == "tap_failed, 12 records"

    def test_a_killed_task_may_push_nothing(self) -> None:
        airflow = Airflow(reporting())
        airflow.ti.xcom_push = None  # type: ignore[assignment, method-assign]
        report.failed(airflow.ended, result(ORDERS))

    def test_columns_of_a_large_result_are_left_out(self) -> None:
        wide = {f"column_{number}": "string" for number in range(4000)}
        value = Airflow(reporting()).succeed(result(replace(ORDERS, columns=wide)))
        assert value["pipelines"][0]["streams"][0]["columns"] is None
        small = Airflow(reporting()).succeed(result(ORDERS))
        assert small["pipelines"][0]["streams"][0]["columns"] == {"id": "integer"}


@pytest.mark.parametrize(
    ("bookmark", "time"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05.5+00:00", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("20260102", None),
        ("17", None),
        ('{"since":"2026-01-02"}', None),
        (None, None),
    ],
)
def test_a_bookmark_may_be_a_time(bookmark: str | None, time: datetime | None) -> None:
    assert time_of(bookmark) == time


def test_spans_have_two_units() -> None:
    assert [span(each) for each in (0, 59, 3_600, 90_061)] == ["0s", "59s", "1h", "1d 1h"]
