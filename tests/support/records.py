"""Records of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_runner.contract.run_record import RunRecord, TaskIdentity

if TYPE_CHECKING:
    from meltano_runner.contract.result import RunResult


def make_record(result: RunResult, **fields: Any) -> RunRecord:
    """Return the record of a run of the first of three tries."""
    task: dict[str, Any] = {
        "project": "shop",
        "command": "meltano-runner run tap-csv target-jsonl",
        "task_id": "tap-csv-to-target-jsonl",
        "dag_id": "shop.daily",
        "run_id": "manual__2026-01-02",
        "environment": "dev",
        "max_tries": 3,
    }
    task |= fields.pop("task", {})
    values = {"started_at": None, "ended_at": "2026-01-02T03:04:05+00:00", **fields}
    return RunRecord(TaskIdentity(**task), result, **values)
