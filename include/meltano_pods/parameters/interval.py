"""The DAG run of a run: its environment variables, and the state id suffix of backfills."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERVAL_START = "MELTANO_PODS_DATA_INTERVAL_START"
INTERVAL_END = "MELTANO_PODS_DATA_INTERVAL_END"
LOGICAL_DATE = "MELTANO_PODS_LOGICAL_DATE"
DAG_ID = "MELTANO_PODS_DAG_ID"
TASK_ID = "MELTANO_PODS_TASK_ID"
RUN_ID = "MELTANO_PODS_RUN_ID"
RUN_TYPE = "MELTANO_PODS_RUN_TYPE"

VARIABLES = {
    INTERVAL_START: (
        "Start of the data interval, in UTC as `2026-01-31T00:00:00Z`. Unset if Airflow has no "
        "interval: a manual run without a logical date, or one that an asset triggers."
    ),
    INTERVAL_END: "End of the data interval (exclusive), in the same format.",
    LOGICAL_DATE: (
        "Airflow's logical date, in the same format; the start of the interval for scheduled runs "
        "and backfills. Unset if the run has none."
    ),
    DAG_ID: "Id of the DAG.",
    TASK_ID: "Id of the task.",
    RUN_ID: "Id of the DAG run, such as `scheduled__2026-01-31T00:00:00+00:00`.",
    RUN_TYPE: "`scheduled`, `backfill`, `manual`, `operator_triggered` or `asset_triggered`.",
}
"""Environment variables of every run, which a project's configuration can use as `$NAME`."""

_BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class DagRunFacts:
    """The facts of a DAG run that its tasks' runs need.

    Attributes:
        dag_id: Of the DAG.
        task_id: Of the task.
        run_id: Of the DAG run.
        run_type: Airflow's type of the run.
        logical_date: Airflow's; None for none, as the next two.
        start: Start of the data interval.
        end: End of the data interval.
        clears: How often the DAG run was cleared.
    """

    dag_id: str
    task_id: str
    run_id: str
    run_type: str
    logical_date: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    clears: int = 0

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> DagRunFacts:
        """Read the facts from Airflow's context of a task."""
        ti, run = context["ti"], context["dag_run"]
        return cls(
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            run_type=str(getattr(run.run_type, "value", run.run_type)),
            logical_date=run.logical_date,
            start=run.data_interval_start,
            end=run.data_interval_end,
            clears=run.clear_number or 0,
        )

    def to_variables(self) -> dict[str, str]:
        """Return the environment variables of the run; those without a value are left out."""
        moments = {INTERVAL_START: self.start, INTERVAL_END: self.end}
        moments[LOGICAL_DATE] = self.logical_date
        return {
            **{name: format_timestamp(at) for name, at in moments.items() if at is not None},
            DAG_ID: self.dag_id,
            TASK_ID: self.task_id,
            RUN_ID: self.run_id,
            RUN_TYPE: self.run_type,
        }

    def get_backfill_suffix(self) -> str | None:
        """Return the state id suffix of a backfill's run; None for other runs.

        It is the same for each try, so that a retry resumes from the saved state. It changes when
        the run is cleared, by a user or by a backfill that reprocesses it, because the whole
        interval is then to be loaded again.
        """
        if self.run_type != _BACKFILL:
            return None
        at = self.start or self.logical_date
        if at is None:
            which = hashlib.sha256(self.run_id.encode()).hexdigest()[:10]
        else:
            which = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return "-".join([_BACKFILL, which, *([str(self.clears)] if self.clears else [])])


def format_timestamp(at: datetime) -> str:
    """Format a time as Singer taps expect it: RFC 3339, UTC, `2026-01-31T00:00:00Z`."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
