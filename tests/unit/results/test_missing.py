"""The check that a target has read what the tap sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.failures import NonRetryableRunError

from tests.support.finished_task import ORDERS, Airflow, reporting, result

if TYPE_CHECKING:
    from meltano_runner.contract.result import RunResult


def moved(missing: int | None) -> RunResult:
    whole = result(ORDERS)
    return replace(whole, pipelines=(replace(whole.pipelines[0], missing=missing),))


@pytest.mark.parametrize("checks", [None, {"missing_records": None}, {"missing_records": "fail"}])
def test_records_that_the_target_did_not_read_fail_the_task(checks: dict[str, Any] | None) -> None:
    airflow = Airflow(reporting(checks))
    with pytest.raises(NonRetryableRunError) as raised:
        airflow.finish(moved(3))
    text = str(raised.value)
    assert "check_failed" in text
    assert "12 records extracted, 3 of them not read by the target (missing_records)" in text
    assert "full refresh" in text
    (failed,) = airflow.ti.xcoms["result"]["checks"]["failed"]
    assert (failed["check"], failed["found"]) == ("missing_records", 3)
    assert airflow.stream_events() == {}


def test_it_can_warn_or_be_ignored() -> None:
    (warned,) = Airflow(reporting({"missing_records": "warn"})).finish(moved(3))["checks"]["warned"]
    assert warned["found"] == 3
    assert "checks" not in Airflow(reporting({"missing_records": "ignore"})).finish(moved(3))


def test_what_is_not_known_is_no_failure_and_no_pass() -> None:
    assert "checks" not in Airflow(reporting()).finish(moved(None))
    checks = Airflow(reporting({"missing_records": "fail"})).finish(moved(None))["checks"]
    assert (checks["passed"], len(checks["warned"]), checks["failed"]) == (0, 1, [])


def test_all_records_read_is_a_check_that_passed() -> None:
    assert Airflow(reporting()).finish(moved(0))["checks"]["passed"] == 1
