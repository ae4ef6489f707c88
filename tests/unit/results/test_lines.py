"""What the log and the list of task instances show of a result."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from meltano_pods.results import report
from meltano_pods.results.age import span, time_of
from meltano_pods.results.lines import stream_lines
from meltano_runner.contract import (
    Category,
    Outcome,
    StreamResult,
)

from tests.unit.results.ended_task import (
    DAY,
    FULL,
    NOW,
    ORDERS,
    STALE,
    Airflow,
    reporting,
    result,
)


class TestLines:
    def test_each_stream_has_a_line(self) -> None:
        assert stream_lines(result(STALE, FULL, ORDERS)) == [
            f"orders: 12 extracted, 11 loaded; bookmark {NOW - 2 * DAY} -> {NOW - DAY}",
            "full: 3 extracted, loaded: unknown",
            f"stale: 0 extracted, loaded: unknown; bookmark {NOW - 9 * DAY}, as before",
        ]

    def test_a_first_run_and_a_stream_of_which_nothing_is_known(self) -> None:
        assert stream_lines(result(StreamResult("a", bookmark="7"), StreamResult("b"))) == [
            "a: bookmark 7"
        ]

    def test_pipelines_are_named_where_there_are_several(self) -> None:
        two = replace(result(FULL), pipelines=result(FULL).pipelines * 2)
        assert stream_lines(two)[0] == "tap-a to target-b, full: 3 extracted, loaded: unknown"

    def test_many_streams_are_cut(self) -> None:
        many = result(*(StreamResult(f"s{number}", number) for number in range(250)))
        lines = stream_lines(many)
        assert len(lines) == 101
        assert (lines[0], lines[-1]) == ("s249: 249 extracted, loaded: unknown", "150 more streams")


class TestXComs:
    def test_a_failed_run_leaves_its_result_too(self) -> None:
        airflow = Airflow(reporting())
        ending = replace(result(ORDERS), outcome=Outcome.FAILED, category=Category.TAP_FAILED)
        report.failed(airflow.ended, ending)
        assert airflow.ti.xcoms["result"]["pipelines"][0]["streams"][0]["stream"] == "orders"
        assert airflow.ti.xcoms["summary"].startswith(
            "failed: 12 records extracted, loaded: unknown"
        )
        assert airflow.context["run_label"] == "tap_failed, 12 extracted, loaded: unknown"

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
