"""The XComs of a task: `summary`, and `result` of a run that failed.

The result of a run that succeeded is the XCom `return_value`, which Airflow pushes itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meltano_pods.failures import summarize
from meltano_pods.names import pluralize

if TYPE_CHECKING:
    from meltano_runner.contract.run_record import RunRecord

    from meltano_pods.results.sinks import Target

SUMMARY = "summary"
"""Key of the XCom that holds the result in one line, whichever way the run ended."""
RESULT = "result"
"""Key of the XCom that holds the result of a run that failed."""

_MAX_BYTES = 1 << 16
"""A larger result loses its columns: every run's XComs stay in Airflow's database."""


def push_xcoms(record: RunRecord, target: Target) -> None:
    """Push the XComs."""
    if target.airflow is None:
        return
    ti = target.airflow.context["ti"]
    ti.xcom_push(key=SUMMARY, value=summarize(record.result) + describe_warnings(record))
    if not record.succeeded:
        ti.xcom_push(key=RESULT, value=render_result(record))


def render_result(record: RunRecord, max_bytes: int | None = _MAX_BYTES) -> dict[str, Any]:
    """Return result and checks in their documented JSON form (docs/reference/result.md).

    Args:
        record: What is known about the run.
        max_bytes: Size above which columns are left out; None for no limit.
    """
    data = record.result.as_dict()
    if max_bytes is not None and len(json.dumps(data)) > max_bytes:
        for pipeline in data["pipelines"]:
            for stream in pipeline["streams"]:
                stream["columns"] = None
    return data if record.checks is None else {**data, "checks": record.checks.as_dict()}


def describe_warnings(record: RunRecord) -> str:
    """Return `; 2 warnings`, or an empty string if no check warned."""
    return f"; {pluralize(len(record.warnings), 'warning')}" if record.warnings else ""
