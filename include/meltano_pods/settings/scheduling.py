"""The settings of when a task may start: what it follows, and what it waits for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from meltano_pods.settings.types.scalars import Name, Needs, WholeNumber

# Only a job or schedule has tasks to put in order.
_AT_TASKS: dict[str, Any] = {"not_at": ["project", "environment", "plugin"]}


class OrderSettings(BaseModel, defer_build=True):
    """When a task may start."""

    needs: Needs | None = Field(
        default=None,
        examples=[["tap-a-to-target-b"]],
        description=(
            "Which tasks of the job have to succeed before a task starts: a list of their ids, "
            "empty for none, or `all` for every task that stands before it. Of a job or "
            "schedule it holds for each task that says nothing itself (`needs: []`: all start "
            "at once). None: the task that stands before it."
        ),
        json_schema_extra=_AT_TASKS,
    )
    max_active_tasks: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        default=None,
        examples=[4],
        description=(
            "How many tasks of the DAG run at once where branches are parallel: a whole number, at "
            "least 1. None: Airflow's `[core] max_active_tasks_per_dag`."
        ),
        json_schema_extra={"not_at": ["plugin", "task"]},
    )
    pool: Name | None = Field(
        default=None,
        examples=["warehouse"],
        description=(
            "Airflow pool whose slots the tasks take; it must exist. None: Airflow's default pool."
        ),
    )
    state_pool: Name | None = Field(
        default=None,
        examples=["one_at_a_time"],
        description=(
            "Airflow pool in which tasks that write one state run one at a time, in place of "
            "`pool` (of DAGs that share a state id, or of parallel branches). It must exist, with "
            "one slot, and count deferred tasks. Tasks whose state is theirs alone pass over it. "
            "None: DAGs that share a state are a warning, or an error where schedules meet; with "
            "`state: backend` and a schedule among them the later one is broken."
        ),
    )
    priority_weight: Annotated[WholeNumber, Field(ge=1, le=1_000_000)] = Field(
        default=1,
        examples=[10],
        description=(
            "Which of the tasks that wait for a slot goes first, the one with the larger "
            "weight: a whole number, 1 to 1000000."
        ),
    )
    weight_rule: Literal["downstream", "upstream", "absolute"] | None = Field(
        default=None,
        examples=["downstream"],
        description=(
            "Which other tasks' weights Airflow adds to a task's: `downstream` (of those after "
            "it), `upstream` (of those before it) or `absolute` (none). None: Airflow's `[core] "
            "default_task_weight_rule`."
        ),
    )
