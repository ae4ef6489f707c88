"""The Airflow task that runs the reaper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from meltano_pods.pods import naming
from meltano_pods.pods.api import Pods
from meltano_pods.pods.cluster import cluster_of
from meltano_pods.pods.hook import ClusterHook
from meltano_pods.pods.reaper import reap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from meltano_pods.tasks.deployment import Deployment

# In any other state the task has its pod, or will adopt it at its next try.
_OVER = frozenset(
    {
        TaskInstanceState.SUCCESS,
        TaskInstanceState.FAILED,
        TaskInstanceState.SKIPPED,
        TaskInstanceState.UPSTREAM_FAILED,
        TaskInstanceState.REMOVED,
    }
)


class ReapPodsOperator(BaseOperator):
    """Removes pods that were kept long enough, and those whose task is over.

    Args:
        deployment: Says which cluster, and whose pods.
        namespaces: Where to look.
        **kwargs: Those of every Airflow operator.
    """

    def __init__(
        self,
        *,
        deployment: Deployment,
        namespaces: tuple[str, ...],
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        super().__init__(**kwargs)
        self.deployment = deployment
        self.namespaces = namespaces

    def execute(self, context: Context) -> dict[str, str]:  # noqa: ARG002 - Airflow's signature
        """Return the pods that were removed, and why."""
        settings = self.deployment.settings
        hook = ClusterHook(cluster_of(settings))
        removed: dict[str, str] = {}
        for namespace in self.namespaces:
            removed |= reap(
                Pods(lambda: hook.core_v1_client, namespace),
                now=datetime.now(UTC),
                deployment=settings.deployment,
                is_over=is_over,
            )
        for name, why in removed.items():
            self.log.info("Removed pod %s: %s", name, why)
        return removed


def is_over(annotations: Mapping[str, str]) -> bool:
    """Whether the task instance that a pod's annotations name has ended, or is no more."""
    try:
        dag_id, task_id, run_id = (
            annotations[key] for key in (naming.DAG_ID, naming.TASK_ID, naming.RUN_ID)
        )
    except KeyError:
        return False
    index = int(annotations.get(naming.MAP_INDEX, "-1"))
    states = RuntimeTaskInstance.get_task_states(
        dag_id=dag_id,
        task_ids=[task_id],
        run_ids=[run_id],
        map_index=index if index >= 0 else None,
    )
    found = states.get(run_id) or {}
    key = task_id if index < 0 else f"{task_id}_{index}"
    # A run that was deleted has no states at all.
    return key not in found or found[key] in _OVER
