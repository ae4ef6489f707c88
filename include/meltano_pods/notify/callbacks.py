"""What Airflow calls when a task or a run of a DAG has ended."""

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
        last: The task after which the run has ended; None if branches end in several.
        last_task: Also for that task: when it succeeds or is skipped, the run has succeeded.
    """

    dag: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    last: str | None = None
    last_task: Mapping[str, Any] = field(default_factory=dict)

    def select_task(self, task_id: str) -> dict[str, Any]:
        """Return the arguments for a task."""
        return {**self.task, **self.last_task} if task_id == self.last else dict(self.task)


def build_callbacks(
    dag_id: str, own: Notify, deployment: Notify | None, last: Sequence[str]
) -> Callbacks:
    """Return the callbacks of a DAG and its tasks.

    Args:
        dag_id: The DAG.
        own: Its setting `notify`.
        deployment: The deployment's; None: it is off.
        last: The tasks that no other one follows.

    Raises:
        DeploymentError: The provider of a notification is missing.
    """
    asked = resolve_routing(dag_id, own, deployment)
    if not asked.recipients or not asked.events:
        return Callbacks()
    # Imported here, because most DAGs have no recipients.
    from meltano_pods.notify import notifiers  # noqa: PLC0415

    dag: dict[str, Any] = {}
    task: dict[str, Any] = {}
    last_task: dict[str, Any] = {}
    recovers = "recovery" in asked.events
    if "failure" in asked.events:
        task["on_failure_callback"] = notifiers.TaskFailed(asked.recipients, record=recovers)
        dag["on_failure_callback"] = notifiers.RunFailed(asked.recipients, record=recovers)
    if "retry" in asked.events:
        task["on_retry_callback"] = notifiers.TaskRetried(asked.recipients)
    # The process of the last task has its result, but the DAG's callback does not.
    only = last[0] if len(last) == 1 else None
    if recovers:
        recovered = notifiers.RunRecovered(asked.recipients)
        if only is None:
            dag["on_success_callback"] = recovered
        else:
            # The run parameter `only_tasks` may skip it.
            last_task.update(on_success_callback=recovered, on_skipped_callback=recovered)
    return Callbacks(dag, task, only, last_task)
