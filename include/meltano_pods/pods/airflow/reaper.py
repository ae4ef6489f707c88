"""The Airflow task that runs the reaper."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TaskInstanceState

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.pods.airflow.identity import read_deployment_id
from meltano_pods.pods.airflow.task_state import read_task_state
from meltano_pods.pods.cluster.connect import ClusterHook, connect
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.diagnose.api_errors import ApiError
from meltano_pods.pods.lifecycle.reap import reap
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.options import read_cluster_access
from meltano_pods.pods.spec.template import read_template
from meltano_pods.settings.deployment.defaults import apply_defaults
from meltano_pods.tasks.projects import list_project_folders, plan_project

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

    It reads the namespaces of the deployment's pods, and those that tasks of its projects set.

    Args:
        deployment: The deployment whose pods are removed.
        dag_file: `__file__` of the DAG file, which leads to the projects.
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
            ApiError: The cluster did not list the pods. Where Airflow may not list them it starts
                none either, so that is an error only if it holds for every namespace.
        """
        settings = self.deployment.settings
        cluster = read_cluster_access(settings)
        deployment = read_deployment_id(settings.deployment)
        removed: dict[str, str] = {}
        failed: dict[str, ApiError] = {}
        namespaces = sorted(self.list_namespaces(ClusterHook(cluster)))
        for namespace in namespaces:
            try:
                driver = ClusterDriver(lambda: connect(cluster), namespace, self.log)
                now = datetime.now(UTC)
                removed |= driver.drive(
                    reap(now=now, log=self.log, deployment=deployment, is_over=is_over)
                )
            except ApiError as error:
                failed[namespace] = error
                self.log.warning("Could not list pods in namespace %s: %s", namespace, error)
        for name, why in removed.items():
            self.log.info("Removed pod %s: %s", name, why)
        worse = [error for error in failed.values() if error.status != HTTPStatus.FORBIDDEN]
        if worse or len(failed) == len(namespaces):
            raise (worse or list(failed.values()))[0]
        return removed

    def list_namespaces(self, hook: ClusterHook) -> set[str]:
        """Return the namespaces that may hold pods of the deployment.

        Raises:
            DeploymentError: The deployment's pod template cannot be used.
        """
        settings = self.deployment.settings
        # The first is also that of custom DAGs.
        pairs = {(settings.pod_template, self.deployment.namespace)}
        for folder in list_project_folders(self.dag_file):
            # One that cannot be planned starts no pods.
            with suppress(MeltanoPodsError):
                for task in plan_project(folder).tasks:
                    chosen = apply_defaults(task.settings, settings)
                    namespace = chosen.namespace or self.deployment.namespace
                    pairs.add((str(chosen.pod_template), namespace))
        return {
            namespace or self._read_namespace(template) or hook.get_pods_namespace()
            for template, namespace in pairs
        }

    def _read_namespace(self, template: str) -> str | None:
        manifest = read_template(self.deployment.templates / template)
        found: str | None = (manifest.get("metadata") or {}).get("namespace")
        return found


def is_over(annotations: Mapping[str, str]) -> bool:
    """Whether the task instance that a pod's annotations name has ended or was deleted."""
    try:
        dag_id, task_id, run_id = (
            annotations[key] for key in (naming.DAG_ID, naming.TASK_ID, naming.RUN_ID)
        )
    except KeyError:
        return False
    index = int(annotations.get(naming.MAP_INDEX, "-1"))
    try:
        return read_task_state(dag_id, task_id, run_id, index) in _OVER
    except KeyError:
        return True
