"""The Airflow task that runs the reaper."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from kubernetes.client.exceptions import ApiException

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.pods.cluster.api import Pods
from meltano_pods.pods.cluster.connect import ClusterHook
from meltano_pods.pods.run.reap import reap
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.options import read_cluster_access
from meltano_pods.pods.spec.template import read_template
from meltano_pods.settings.deployment.defaults import completed
from meltano_pods.tasks.layout import all_project_folders
from meltano_pods.tasks.planned import planned

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

    It looks where the deployment's pods go, and where tasks of its projects say theirs do.

    Args:
        deployment: Says which cluster, and whose pods.
        dag_file: `__file__` of the DAG file, which says where projects are.
        **kwargs: Those of every Airflow operator.
    """

    def __init__(
        self,
        *,
        deployment: Deployment,
        dag_file: str,
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        super().__init__(**kwargs)
        self.deployment = deployment
        self.dag_file = dag_file

    def execute(self, context: Context) -> dict[str, str]:  # noqa: ARG002 - Airflow's signature
        """Return the pods that were removed, and why.

        Raises:
            ApiException: The cluster refused to tell of pods, or failed to; but where Airflow may
                not look it starts none either, and that is an error only if it is so everywhere.
        """
        settings = self.deployment.settings
        hook = ClusterHook(read_cluster_access(settings))
        removed: dict[str, str] = {}
        failed: dict[str, ApiException] = {}
        namespaces = sorted(self.namespaces(hook))
        for namespace in namespaces:
            try:
                removed |= reap(
                    Pods(lambda: hook.core_v1_client, namespace),
                    now=datetime.now(UTC),
                    deployment=settings.deployment,
                    is_over=is_over,
                )
            except ApiException as error:
                failed[namespace] = error
                said = f"{error.status} {error.reason}"
                self.log.warning("Could not look for pods in namespace %s: %s", namespace, said)
        for name, why in removed.items():
            self.log.info("Removed pod %s: %s", name, why)
        worse = [error for error in failed.values() if error.status != HTTPStatus.FORBIDDEN]
        if worse or len(failed) == len(namespaces):
            raise (worse or list(failed.values()))[0]
        return removed

    def namespaces(self, hook: ClusterHook) -> set[str]:
        """Return where to look.

        Raises:
            DeploymentError: The deployment's pod template cannot be used.
        """
        said = self.deployment.settings
        # The first is that of DAGs which somebody wrote, too.
        pairs = {(said.pod_template, self.deployment.namespace)}
        for folder in all_project_folders(self.dag_file):
            # One that cannot be planned starts no pods.
            with suppress(MeltanoPodsError):
                for task in planned(folder).tasks:
                    own = completed(task.settings, said)
                    pairs.add((str(own.pod_template), own.namespace or self.deployment.namespace))
        return {
            named or self._namespace_of(template) or hook.pods_namespace()
            for template, named in pairs
        }

    def _namespace_of(self, template: str) -> str | None:
        manifest = read_template(self.deployment.templates / template)
        found: str | None = (manifest.get("metadata") or {}).get("namespace")
        return found


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
