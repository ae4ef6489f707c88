"""What a task of a DAG run sees of it, and a DAG that offers every parameter."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.form import build_form
from meltano_pods.settings.run import RunOptions

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
TAPS = ("tap-a",)
TASKS = ("tap-a-to-target-b", "dbt-run")


def dag_run(**changes: Any) -> Any:
    """Return a scheduled run of a day, as Airflow's context has it."""
    facts = {
        "run_type": "scheduled",
        "logical_date": START,
        "data_interval_start": START,
        "data_interval_end": END,
        "clear_number": 0,
    }
    return SimpleNamespace(**{**facts, **changes})


def context(ti: Any = None, run: Any = None, /, **params: Any) -> Any:
    """Return Airflow's context of a task."""
    ti = ti or SimpleNamespace(dag_id="shop.daily", task_id=TASKS[0], run_id="run1", map_index=-1)
    return {"ti": ti, "dag_run": run or dag_run(), "params": params, "run_id": "run1"}


def choices(
    options: RunOptions | None = None,
    *,
    shown: RunOptions | None = None,
    environments: tuple[str, ...] = ("staging",),
    own_backfill_state: bool = True,
) -> RunChoices:
    """Return what a person may choose for a task; `shown` are the DAG's own options."""
    all_of = RunChoices(shown or RunOptions(), {}, environments, TASKS, TAPS)
    offered = {name: begun for name, (begun, _) in build_form(all_of, "prod").items()}
    return RunChoices(
        options or shown or RunOptions(),
        offered,
        environments,
        TASKS,
        TAPS,
        TAPS,
        own_backfill_state,
    )
