"""What the log and the list of task instances show of a result."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from meltano_pods.failures import RunFailedError
from meltano_pods.results.age import format_age, parse_time
from meltano_pods.results.sinks import Target, publish
from meltano_pods.results.sinks.summary_log import list_stream_lines
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, StreamResult

from tests.support.finished_task import (
    DAY,
    FULL,
    NOW,
    ORDERS,
    STALE,
    Airflow,
    reporting,
    result,
)
from tests.support.records import make_record

if TYPE_CHECKING:
    from meltano_pods.results.sinks import Sink
    from meltano_runner.contract.run_record import RunRecord


class TestLines:
    def test_each_stream_has_a_line(self) -> None:
        assert list_stream_lines(result(STALE, FULL, ORDERS)) == [
            f"orders: 12 extracted, 11 loaded; bookmark {NOW - 2 * DAY} -> {NOW - DAY}",
            "full: 3 extracted, loaded: unknown",
            f"stale: 0 extracted, loaded: unknown; bookmark {NOW - 9 * DAY}, as before",
        ]

    def test_a_first_run_and_a_stream_of_which_nothing_is_known(self) -> None:
        assert list_stream_lines(result(StreamResult("a", bookmark="7"), StreamResult("b"))) == [
            "a: bookmark 7"
        ]

    def test_pipelines_are_named_where_there_are_several(self) -> None:
        two = replace(result(FULL), pipelines=result(FULL).pipelines * 2)
        assert list_stream_lines(two)[0] == "tap-a to target-b, full: 3 extracted, loaded: unknown"

    def test_many_streams_are_cut(self) -> None:
        many = result(*(StreamResult(f"s{number}", number) for number in range(250)))
        lines = list_stream_lines(many)
        assert len(lines) == 101
        assert (lines[0], lines[-1]) == ("s249: 249 extracted, loaded: unknown", "150 more streams")


class TestXComs:
    def test_a_failed_run_leaves_its_result_too(self) -> None:
        airflow = Airflow(reporting())
        ending = replace(result(ORDERS), outcome=Outcome.FAILED, category=Category.TAP_FAILED)
        with pytest.raises(RunFailedError, match="tap_failed"):
            airflow.finish(ending)
        assert airflow.ti.xcoms["result"]["pipelines"][0]["streams"][0]["stream"] == "orders"
        assert airflow.ti.xcoms["summary"].startswith(
            "failed: 12 records extracted, loaded: unknown"
        )
        assert airflow.context["run_label"] == "tap_failed, 12 extracted, loaded: unknown"

    @pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.FAILED])
    def test_an_error_of_a_sink_changes_neither_the_outcome_nor_other_sinks(
        self, outcome: Outcome, log: pytest.LogCaptureFixture
    ) -> None:
        def refuse(**_: Any) -> None:
            raise ConnectionError("the API server is away")

        airflow = Airflow(reporting())
        airflow.ti.xcom_push = refuse  # type: ignore[assignment, method-assign]
        if outcome is Outcome.SUCCEEDED:
            assert airflow.finish(result(ORDERS))["extracted"] == 12
            assert len(airflow.stream_events()) == 1
        else:
            with pytest.raises(RunFailedError, match="unknown"):
                airflow.finish(replace(result(ORDERS), outcome=outcome))
            assert airflow.stream_events() == {}
        assert "Could not report the run (XCom): ConnectionError: the API server is" in log.text
        assert airflow.context["run_label"].endswith("12 extracted, loaded: unknown")

    def test_sinks_are_called_in_order_even_if_all_of_them_fail(
        self, log: pytest.LogCaptureFixture
    ) -> None:
        called = []

        def make_sink(name: str) -> Sink:
            def sink(_record: RunRecord, _target: Target) -> None:
                called.append(name)
                raise ValueError(name)

            return sink

        names = ["a", "b", "c"]
        target = Target(reporting(), logging.getLogger("task"))
        publish(make_record(result(ORDERS)), target, {name: make_sink(name) for name in names})
        assert called == names
        assert log.text.count("Could not report the run") == 3

    def test_what_stops_the_task_is_not_swallowed(self) -> None:
        def interrupt(_record: RunRecord, _target: Target) -> None:
            raise AirflowTaskTimeout

        target = Target(reporting(), logging.getLogger("task"))
        with pytest.raises(AirflowTaskTimeout):
            publish(make_record(result(ORDERS)), target, {"slow": interrupt})

    def test_columns_of_a_large_result_are_left_out(self) -> None:
        wide = {f"column_{number}": "string" for number in range(4000)}
        value = Airflow(reporting()).finish(result(replace(ORDERS, columns=wide)))
        assert value["pipelines"][0]["streams"][0]["columns"] is None
        small = Airflow(reporting()).finish(result(ORDERS))
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
    assert parse_time(bookmark) == time


def test_spans_have_two_units() -> None:
    assert [format_age(each) for each in (0, 59, 3_600, 90_061)] == ["0s", "59s", "1h", "1d 1h"]
