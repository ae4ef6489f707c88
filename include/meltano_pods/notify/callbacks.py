"""What Airflow calls when a task or a run of a DAG has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.notify.recipients import wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.notify.recipients import Notify


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Keyword arguments for Airflow's objects; all empty where nobody is told anything.

    Attributes:
        dag: For the DAG.
        task: For each of its tasks.
        last_task: For the last one besides: when it succeeds, so has the run.
    """

    dag: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    last_task: Mapping[str, Any] = field(default_factory=dict)

    def of_task(self, *, last: bool) -> dict[str, Any]:
        """Return the arguments for a task.

        Args:
            last: Whether it is the last one of its DAG.
        """
        return {**self.task, **self.last_task} if last else dict(self.task)


def callbacks_of(dag_id: str, own: Notify, deployment: Notify | None) -> Callbacks:
    """Return what to hang on a DAG and its tasks.

    Args:
        dag_id: The DAG.
        own: Its setting `notify`.
        deployment: The deployment's; None: it is off.

    Raises:
        DeploymentError: The provider that a notice needs is missing.
    """
    asked = wanted(dag_id, own, deployment)
    if not asked.recipients or not asked.events:
        return Callbacks()
    # Here and not above: most DAGs are parsed where nobody is told anything.
    from meltano_pods.notify import notifiers  # noqa: PLC0415

    dag: dict[str, Any] = {}
    task: dict[str, Any] = {}
    last: dict[str, Any] = {}
    recovers = "recovery" in asked.events
    if "failure" in asked.events:
        task["on_failure_callback"] = notifiers.TaskFailed(asked.recipients, remember=recovers)
        dag["on_failure_callback"] = notifiers.RunFailed(asked.recipients, remember=recovers)
    if "retry" in asked.events:
        task["on_retry_callback"] = notifiers.TaskRetried(asked.recipients)
    if recovers:
        last["on_success_callback"] = notifiers.RunRecovered(asked.recipients)
    return Callbacks(dag, task, last)
