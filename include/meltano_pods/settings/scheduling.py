"""When a task may start: the tasks it depends on, pools and priorities."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from meltano_pods.settings.types.scalars import Name, Needs, WholeNumber

# Only jobs and schedules have tasks to order.
_AT_TASKS: dict[str, Any] = {"not_at": ["project", "environment", "plugin"]}


class SchedulingSettings(BaseModel, defer_build=True):
    """When a task may start."""

    needs: Needs | None = Field(
        default=None,
        examples=[["tap-a-to-target-b"]],
        description=(
            "Tasks of the job that have to succeed before a task starts: a list of their ids, "
            "empty for none, or `all` for every task listed before it. On a job or schedule, it "
            "applies to each task that does not set it (`needs: []`: all start at once). None: the "
            "task listed before it."
        ),
        json_schema_extra=_AT_TASKS,
    )
    max_active_tasks: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        default=None,
        examples=[4],
        description=(
            "Number of tasks of the DAG that run at once if branches are parallel: a whole number, "
            "at least 1. None: Airflow's `[core] max_active_tasks_per_dag`."
        ),
        json_schema_extra={"not_at": ["plugin", "task"]},
    )
    pool: Name | None = Field(
        default=None,
        examples=["warehouse"],
        description=(
            "Airflow pool whose slots the tasks use; it must exist. None: Airflow's default pool."
        ),
    )
    state_pool: Name | None = Field(
        default=None,
        examples=["one_at_a_time"],
        description=(
            "Airflow pool in which tasks that write the same state run one at a time, instead of "
            "`pool` (tasks of DAGs that share a state id, or of parallel branches). It must exist, "
            "have one slot and include deferred tasks. Tasks that share no state ignore it. None: "
            "DAGs that share a state cause a warning, or an error if their schedules meet; with "
            "`state: backend` and a schedule among them, the later one is broken."
        ),
    )
    priority_weight: Annotated[WholeNumber, Field(ge=1, le=1_000_000)] = Field(
        default=1,
        examples=[10],
        description=(
            "Priority among tasks that wait for a slot, the largest weight first: a whole number, "
            "1 to 1000000."
        ),
    )
    weight_rule: Literal["downstream", "upstream", "absolute"] | None = Field(
        default=None,
        examples=["downstream"],
        description=(
            "Which tasks' weights Airflow adds to a task's weight: those `downstream`, those "
            "`upstream`, or none (`absolute`). None: Airflow's `[core] default_task_weight_rule`."
        ),
    )
