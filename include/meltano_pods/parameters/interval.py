"""What a run gets to know of its Airflow DAG run, and what sets a backfill's state apart."""

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
        "interval: a manual run without a logical date, or a run started by an asset."
    ),
    INTERVAL_END: "End of the data interval, written the same; the first moment after it.",
    LOGICAL_DATE: (
        "Airflow's logical date, written the same; that of the interval's start for scheduled runs "
        "and backfills. Unset where the run has none."
    ),
    DAG_ID: "Id of the DAG.",
    TASK_ID: "Id of the task.",
    RUN_ID: "Id of the DAG run, such as `scheduled__2026-01-31T00:00:00+00:00`.",
    RUN_TYPE: "`scheduled`, `backfill`, `manual`, `operator_triggered` or `asset_triggered`.",
}
"""Environment variables of every run, for a project's configuration to use as `$NAME`."""

_BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class DagRunFacts:
    """One DAG run, as far as its tasks' runs need to know.

    Attributes:
        dag_id: Of the DAG.
        task_id: Of the task.
        run_id: Of the DAG run.
        run_type: Airflow's word for who started it.
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
    def of(cls, context: Mapping[str, Any]) -> DagRunFacts:
        """Read Airflow's context of a task."""
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

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the run; those without a value are left out."""
        moments = {INTERVAL_START: self.start, INTERVAL_END: self.end}
        moments[LOGICAL_DATE] = self.logical_date
        return {
            **{name: moment(at) for name, at in moments.items() if at is not None},
            DAG_ID: self.dag_id,
            TASK_ID: self.task_id,
            RUN_ID: self.run_id,
            RUN_TYPE: self.run_type,
        }

    def backfill_suffix(self) -> str | None:
        """Return what sets the state of a backfill's run apart; None for other runs.

        It is the same for each try, so that a retry resumes from what was saved. It changes when
        the run is cleared, by a person or by a backfill that processes it again: then all of the
        interval must be moved again.
        """
        if self.run_type != _BACKFILL:
            return None
        at = self.start or self.logical_date
        if at is None:
            which = hashlib.sha256(self.run_id.encode()).hexdigest()[:10]
        else:
            which = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return "-".join([_BACKFILL, which, *([str(self.clears)] if self.clears else [])])


def moment(at: datetime) -> str:
    """Return a moment as Singer taps expect it: RFC 3339, UTC, `2026-01-31T00:00:00Z`."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
