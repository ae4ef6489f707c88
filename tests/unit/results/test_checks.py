"""Whether a result is as expected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.diagnosis import RunFailedError, RunRefusedError
from meltano_pods.results import columns
from meltano_runner.contract import (
    Category,
    Outcome,
    PipelineResult,
    RunResult,
    StreamResult,
)

from tests.unit.results.ended_task import (
    DAY,
    FULL,
    NOW,
    ORDERS,
    PAIR,
    STALE,
    Airflow,
    reporting,
    result,
)


class TestChecks:
    @pytest.mark.parametrize(
        ("checks", "message"),
        [
            (
                {"min_records": 16},
                "the run: 15 records extracted, at least 16 expected (min_records)",
            ),
            (
                {"streams": {"orders": {"min_records": 100}}},
                "orders: 12 records extracted, at least 100 expected (min_records)",
            ),
            (
                {"streams": {"s*": {"min_records": 1}}},
                "stale: 0 records extracted, at least 1 expected",
            ),
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
        self, checks: dict[str, Any], message: str, log: pytest.LogCaptureFixture
    ) -> None:
        airflow = Airflow(reporting(checks))
        with pytest.raises(RunRefusedError) as raised:
            airflow.succeed(result(ORDERS, STALE, FULL))
        assert raised.value.category is Category.CHECK_FAILED
        text = str(raised.value)
        assert message in text
        assert "retry: no" in text
        assert "the state is saved" in text
        assert airflow.stream_events() == {}
        assert message in airflow.ti.xcoms["result"]["checks"]["failed"][0]["message"]
        assert airflow.ti.xcoms["result"]["category"] == "check_failed"
        assert airflow.context["run_label"] == "check_failed, 15 extracted, loaded: unknown"
        assert "orders: 12 extracted" in log.text

    @pytest.mark.parametrize(
        "checks",
        [
            {"min_records": 15},
            {"max_age": "2d"},
            {"streams": {"orders": {"min_records": {"warn": 12, "fail": 1}, "max_age": "25h"}}},
            {"streams": {"*": {"max_age": "1d"}, "stale": {"max_age": "30d"}, "orders": None}}
            | {"streams": {"*": {"max_age": "30d"}}},
            {"schema_change": "fail"},
        ],
    )
    def test_what_is_met_passes(self, checks: dict[str, Any]) -> None:
        checks = Airflow(reporting(checks)).succeed(result(ORDERS, STALE, FULL))["checks"]
        assert (checks["warned"], checks["failed"]) == ([], [])
        assert checks["passed"] > 0

    def test_a_warning_is_told_and_the_run_goes_on(self, log: pytest.LogCaptureFixture) -> None:
        airflow = Airflow(reporting({"min_records": {"warn": 100, "fail": 5}}))
        value = airflow.succeed(result(ORDERS))
        (warned,) = value["checks"]["warned"]
        assert (warned["check"], warned["stream"], warned["found"]) == ("min_records", None, 12)
        assert airflow.stream_events()
        assert "Check warned: the run: 12 records extracted, at least 100 expected" in log.text
        assert [each.levelname for each in log.records].count("WARNING") == 1
        assert airflow.ti.xcoms["summary"].endswith("; 1 warning")
        assert airflow.context["run_label"] == "12 extracted, loaded: unknown; 1 warning"

    def test_a_single_stream_overrides_patterns(self) -> None:
        checks = {"streams": {"*": {"min_records": 1}, "stale": {"min_records": 0}}}
        assert Airflow(reporting(checks)).succeed(result(ORDERS, STALE))["checks"]["passed"] == 2

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
        checks = {"min_records": 24, "streams": {"orders": {"min_records": 24}}}
        assert Airflow(reporting(checks)).succeed(two)["checks"]["passed"] == 2

    def test_a_bookmark_of_a_stream_that_is_selected_no_more_does_not_count(self) -> None:
        gone = StreamResult("gone", bookmark=str(NOW - 99 * DAY), bookmark_before="x")
        checks = {"streams": {"*": {"max_age": "2d"}}}
        assert Airflow(reporting(checks)).succeed(result(ORDERS, gone))["checks"]["passed"] == 1

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
        checks = {"streams": {"orders": {"schema_change": "fail"}}}
        assert Airflow(reporting(checks)).succeed(result(self.BEFORE))["checks"]["passed"] == 1
        (kept,) = variables.items()
        assert kept[0] == "meltano_pods.columns.shop.daily"
        for _ in range(2):
            Airflow(reporting(checks)).succeed(result(self.BEFORE))
        with pytest.raises(RunRefusedError) as raised:
            Airflow(reporting(checks)).succeed(result(self.AFTER))
        assert self.CHANGED in str(raised.value)
        # Whoever clears the task says by it that the change is all right.
        assert Airflow(reporting(checks)).succeed(result(self.AFTER))["checks"]["passed"] == 1

    def test_kinds_of_change_are_told_apart(self) -> None:
        checks = {"schema_change": {"warn": ["added", "removed"], "fail": "type"}}
        Airflow(reporting(checks)).succeed(result(self.BEFORE))
        same_types = replace(self.AFTER, columns={"id": "integer", "new": "number"})
        (warned,) = Airflow(reporting(checks)).succeed(result(same_types))["checks"]["warned"]
        assert warned["found"]["orders"]["added"] == {"new": "number"}
        assert warned["found"]["orders"]["type"] == {}

    def test_a_stream_that_is_new_or_left_out_is_no_change(self) -> None:
        checks = {"schema_change": "fail"}
        other = replace(self.AFTER, stream="other")
        for each in (self.BEFORE, other, self.BEFORE):
            Airflow(reporting(checks)).succeed(result(each))

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
