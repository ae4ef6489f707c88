"""Whether a result is as expected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.failures import NonRetryableRunError, RunFailedError
from meltano_pods.results.column_store import build_key
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

from tests.support.finished_task import (
    DAY,
    FULL,
    NOW,
    ORDERS,
    PAIR,
    PIPELINE,
    STALE,
    Airflow,
    AssetStore,
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
        with pytest.raises(NonRetryableRunError) as raised:
            airflow.finish(result(ORDERS, STALE, FULL))
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
        checks = Airflow(reporting(checks)).finish(result(ORDERS, STALE, FULL))["checks"]
        assert (checks["warned"], checks["failed"]) == ([], [])
        assert checks["passed"] > 0

    def test_a_warning_is_told_and_the_run_goes_on(self, log: pytest.LogCaptureFixture) -> None:
        airflow = Airflow(reporting({"min_records": {"warn": 100, "fail": 5}}))
        value = airflow.finish(result(ORDERS))
        (warned,) = value["checks"]["warned"]
        assert (warned["check"], warned["stream"], warned["found"]) == ("min_records", None, 12)
        assert airflow.stream_events()
        assert "Check warned: the run: 12 records extracted, at least 100 expected" in log.text
        assert [each.levelname for each in log.records].count("WARNING") == 1
        assert airflow.ti.xcoms["summary"].endswith("; 1 warning")
        assert airflow.context["run_label"] == "12 extracted, loaded: unknown; 1 warning"

    def test_a_single_stream_overrides_patterns(self) -> None:
        checks = {"streams": {"*": {"min_records": 1}, "stale": {"min_records": 0}}}
        assert Airflow(reporting(checks)).finish(result(ORDERS, STALE))["checks"]["passed"] == 2

    @pytest.mark.parametrize("check", [{"min_records": 1}, {"max_age": "1d"}])
    def test_what_cannot_be_told_is_not_met(self, check: dict[str, Any]) -> None:
        with pytest.raises(RunFailedError, match="expected, but"):
            Airflow(reporting(check)).finish(result(StreamResult("a", bookmark="17")))

    def test_a_stream_that_was_cut_off_only_warns(self) -> None:
        short = result(ORDERS)
        short = replace(short, pipelines=(replace(short.pipelines[0], streams_omitted=9),))
        airflow = Airflow(reporting({"streams": {"full": {"min_records": 1}}}))
        (warned,) = airflow.finish(short)["checks"]["warned"]
        assert "the result was cut" in warned["message"]

    def test_a_stream_of_two_pipelines_counts_as_one(self) -> None:
        two = replace(result(ORDERS), pipelines=result(ORDERS).pipelines * 2)
        checks = {"min_records": 24, "streams": {"orders": {"min_records": 24}}}
        assert Airflow(reporting(checks)).finish(two)["checks"]["passed"] == 2

    def test_a_bookmark_of_a_stream_that_is_selected_no_more_does_not_count(self) -> None:
        gone = StreamResult("gone", bookmark=str(NOW - 99 * DAY), bookmark_before="x")
        checks = {"streams": {"*": {"max_age": "2d"}}}
        assert Airflow(reporting(checks)).finish(result(ORDERS, gone))["checks"]["passed"] == 1

    def test_a_pattern_that_fits_nothing_is_told(self) -> None:
        airflow = Airflow(reporting({"streams": {"public-*": {"min_records": 1}}}))
        (warned,) = airflow.finish(result(ORDERS))["checks"]["warned"]
        assert "no stream of the run fits" in warned["message"]

    def test_a_utility_is_not_checked(self) -> None:
        utility = RunResult(Outcome.SUCCEEDED, 0)
        assert "checks" not in Airflow(reporting({"min_records": 1})).finish(utility)


class TestColumns:
    BEFORE = replace(ORDERS, columns={"id": "integer", "note": "string", "at": "date-time"})
    AFTER = replace(ORDERS, columns={"id": "string", "at": "date-time", "new": "number"})
    CHANGED = (
        "orders: columns added: new (number), removed: note (string), "
        "another type: id (integer -> string) (schema_change)"
    )

    @pytest.fixture
    def stores(self) -> dict[str, dict[str, Any]]:
        return {}

    def test_a_change_is_reported_once(self, stores: dict[str, dict[str, Any]]) -> None:
        checks = {"streams": {"orders": {"schema_change": "fail"}}}

        def finish(stream: StreamResult) -> Any:
            return Airflow(reporting(checks), stores=stores).finish(result(stream))["checks"]

        assert finish(self.BEFORE)["passed"] == 1
        assert stores == {PIPELINE: {"meltano_pods.columns.daily": {"orders": self.BEFORE.columns}}}
        for _ in range(2):
            finish(self.BEFORE)
        with pytest.raises(NonRetryableRunError) as raised:
            finish(self.AFTER)
        assert self.CHANGED in str(raised.value)
        # Clearing the task accepts the change.
        assert finish(self.AFTER)["passed"] == 1

    def test_a_run_in_another_environment_has_columns_of_its_own(
        self, stores: dict[str, dict[str, Any]]
    ) -> None:
        checks = reporting({"schema_change": "fail"})
        for state_id, stream in (("dev:a", self.BEFORE), ("prod:a", self.AFTER)):
            run = result(stream)
            run = replace(run, pipelines=(replace(run.pipelines[0], state_id=state_id),))
            airflow = Airflow(checks, state_id.partition(":")[0], stores)
            assert airflow.finish(run)["checks"]["failed"] == []
        assert set(stores[PIPELINE]) == {
            "meltano_pods.columns.dev:a", "meltano_pods.columns.prod:a",
        }  # fmt: skip

    def test_kinds_of_change_are_distinguished(self, stores: dict[str, dict[str, Any]]) -> None:
        checks = {"schema_change": {"warn": ["added", "removed"], "fail": "type"}}
        Airflow(reporting(checks), stores=stores).finish(result(self.BEFORE))
        same_types = replace(self.AFTER, columns={"id": "integer", "new": "number"})
        value = Airflow(reporting(checks), stores=stores).finish(result(same_types))
        (warned,) = value["checks"]["warned"]
        assert warned["found"]["orders"]["added"] == {"new": "number"}
        assert warned["found"]["orders"]["type"] == {}

    def test_a_stream_that_is_new_or_left_out_is_no_change(
        self, stores: dict[str, dict[str, Any]]
    ) -> None:
        checks = {"schema_change": "fail"}
        other = replace(self.AFTER, stream="other")
        for each in (self.BEFORE, other, self.BEFORE):
            Airflow(reporting(checks), stores=stores).finish(result(each))

    def test_columns_that_are_not_known_have_not_passed(self) -> None:
        checks = Airflow(reporting({"schema_change": "fail"})).finish(result(FULL))["checks"]
        assert checks["passed"] == 0
        assert "tap-a to target-b: no columns are known" in checks["warned"][0]["message"]

    def test_nothing_is_stored_without_the_check(self, stores: dict[str, dict[str, Any]]) -> None:
        Airflow(reporting({"min_records": 1}), stores=stores).finish(result(self.BEFORE))
        assert stores == {PIPELINE: {}}

    @pytest.mark.parametrize("value", ["{", [], {"orders": 1}, 7])
    def test_a_value_that_somebody_has_changed_is_replaced(
        self, stores: dict[str, dict[str, Any]], value: Any
    ) -> None:
        stores[PIPELINE] = {"meltano_pods.columns.daily": value}
        checks = reporting({"schema_change": "fail"})
        assert Airflow(checks, stores=stores).finish(result(self.BEFORE))["checks"]["passed"] == 1
        assert stores[PIPELINE]["meltano_pods.columns.daily"]["orders"] == self.BEFORE.columns

    @pytest.mark.parametrize("method", ["get", "set"])
    def test_a_run_does_not_fail_if_the_store_cannot_be_reached(
        self, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture, method: str
    ) -> None:
        def refuse(*_: Any) -> None:
            raise RuntimeError("the API is gone")

        monkeypatch.setattr(AssetStore, method, refuse)
        value = Airflow(reporting({"schema_change": "fail"})).finish(result(self.BEFORE))
        assert value["checks"]["passed"] == 0
        (warned,) = value["checks"]["warned"]
        assert warned["message"] == (
            "tap-a to target-b: the last run's columns are not known: Airflow's asset state store: "
            "the API is gone (schema_change)"
        )
        assert warned["message"] in log.text

    def test_without_assets_there_is_no_store(self) -> None:
        checks = reporting({"schema_change": "fail"}, assets=None)
        (warned,) = Airflow(checks).finish(result(self.BEFORE))["checks"]["warned"]
        assert "see the setting `assets`" in warned["message"]

    def test_long_state_ids_make_short_keys(self) -> None:
        pipelines = [PipelineResult(*PAIR, state_id=f"{'s' * 600}{end}") for end in ("a", "b")]
        keys = {build_key(each) for each in pipelines}
        assert len(keys) == 2
        assert max(map(len, keys)) <= 512
