"""Builds the callbacks that Airflow calls when a task or a DAG run has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.notify.recipients import resolve_routing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.notify.recipients import Notify


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Keyword arguments for Airflow's objects; all empty without recipients.

    Attributes:
        dag: For the DAG.
        task: For each of its tasks.
        last_task_id: The only task at the end of the DAG; None if there are several.
        last_task: Also for that task: when it succeeds or is skipped, the run has succeeded.
    """

    dag: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    last_task_id: str | None = None
    last_task: Mapping[str, Any] = field(default_factory=dict)

    def select_task(self, task_id: str) -> dict[str, Any]:
        """Return the arguments for a task."""
        return {**self.task, **self.last_task} if task_id == self.last_task_id else dict(self.task)


def build_callbacks(
    dag_id: str, setting: Notify, deployment: Notify | None, last_tasks: Sequence[str]
) -> Callbacks:
    """Return the callbacks of a DAG and its tasks.

    Args:
        dag_id: The DAG.
        setting: Its setting `notify`.
        deployment: The deployment's setting; None if notifications are off.
        last_tasks: The tasks without downstream tasks.

    Raises:
        DeploymentError: The provider of a notification is missing.
    """
    routing = resolve_routing(dag_id, setting, deployment)
    if not routing.recipients or not routing.events:
        return Callbacks()
    # Imported here, because most DAGs have no recipients.
    from meltano_pods.notify import notifiers  # noqa: PLC0415

    dag: dict[str, Any] = {}
    task: dict[str, Any] = {}
    last_task: dict[str, Any] = {}
    recovers = "recovery" in routing.events
    if "failure" in routing.events:
        task["on_failure_callback"] = notifiers.TaskFailed(routing.recipients, record=recovers)
        dag["on_failure_callback"] = notifiers.RunFailed(routing.recipients, record=recovers)
    if "retry" in routing.events:
        task["on_retry_callback"] = notifiers.TaskRetried(routing.recipients)
    # The process of the last task has its result, but the DAG's callback does not.
    last_task_id = last_tasks[0] if len(last_tasks) == 1 else None
    if recovers:
        recovered = notifiers.RunRecovered(routing.recipients)
        if last_task_id is None:
            dag["on_success_callback"] = recovered
        else:
            # The run parameter `only_tasks` may skip it.
            last_task.update(on_success_callback=recovered, on_skipped_callback=recovered)
    return Callbacks(dag, task, last_task_id, last_task)
