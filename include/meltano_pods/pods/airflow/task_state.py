"""Reads the state of a task instance from Airflow."""

from __future__ import annotations

from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance


def read_task_state(dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> str | None:
    """Return the state of a task instance.

    Raises:
        KeyError: There is no such task instance, or no such DAG run.
    """
    states = RuntimeTaskInstance.get_task_states(
        dag_id=dag_id,
        task_ids=[task_id],
        run_ids=[run_id],
        map_index=map_index if map_index >= 0 else None,
    )
    # A run that was deleted has no states at all.
    found = states.get(run_id) or {}
    state: str | None = found[task_id if map_index < 0 else f"{task_id}_{map_index}"]
    return state
