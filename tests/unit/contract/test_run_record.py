"""The record of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import (
    Outcome,
    PipelineResult,
    ResultError,
    RunResult,
    StreamResult,
)
from meltano_runner.contract.run_record import (
    CheckFinding,
    CheckReport,
    Dataset,
    PodReport,
    RunRecord,
)

from tests.support.records import make_record

STREAM = StreamResult("orders", 12, 11, "2026-01-02", None, {"id": "integer"})
RESULT = RunResult(
    Outcome.FAILED,
    0,
    Category.CHECK_FAILED,
    extracted=12,
    pipelines=(PipelineResult("tap-a", "target-b", "daily", streams=(STREAM,)),),
)
FINDING = CheckFinding("min_records", "orders", {"n": [12]}, "orders: 12 records extracted")
RECORD = make_record(
    RESULT,
    started_at="2026-01-02T03:00:00+00:00",
    checks=CheckReport(3, (FINDING,), (replace(FINDING, stream=None),)),
    datasets=(Dataset("x-meltano://shop/dev/a"), Dataset("s3://b", "x-meltano://a/*", {"n": 1})),
    pod=PodReport("meltano/a", "Evicted: full", ("kubectl get pods",)),
)


@pytest.mark.parametrize(
    "record",
    [make_record(RunResult(Outcome.SUCCEEDED, 0)), RECORD, replace(RECORD, pod=None)],
)
def test_a_record_survives_json(record: RunRecord) -> None:
    assert RunRecord.from_dict(json.loads(json.dumps(record.as_dict()))) == record


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"version": 1},
        RECORD.as_dict() | {"version": 2},
        RECORD.as_dict() | {"task": {"project": "shop"}},
        RECORD.as_dict() | {"result": {"version": 99}},
        RECORD.as_dict() | {"datasets": [{"name": "x"}]},
        RECORD.as_dict() | {"checks": 3},
    ],
)
def test_other_data_is_rejected(data: Any) -> None:
    with pytest.raises(ResultError):
        RunRecord.from_dict(data)


def test_a_failure_always_has_a_category() -> None:
    assert make_record(RunResult(Outcome.SUCCEEDED, 0)).category is None
    assert make_record(RunResult(Outcome.STOPPED, 143)).category is Category.UNKNOWN
    assert RECORD.category is Category.CHECK_FAILED
