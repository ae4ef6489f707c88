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
            ApiError: The cluster refused to tell of pods, or failed to; but where Airflow may
                not look it starts none either, and that is an error only if it is so everywhere.
        """
        settings = self.deployment.settings
        cluster = read_cluster_access(settings)
        own = read_deployment_id(settings.deployment)
        removed: dict[str, str] = {}
        failed: dict[str, ApiError] = {}
        namespaces = sorted(self.namespaces(ClusterHook(cluster)))
        for namespace in namespaces:
            try:
                driver = ClusterDriver(lambda: connect(cluster), namespace, self.log)
                removed |= driver.drive(
                    reap(now=datetime.now(UTC), deployment=own, is_over=is_over)
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
                    own = apply_defaults(task.settings, said)
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
    try:
        return read_task_state(dag_id, task_id, run_id, index) in _OVER
    except KeyError:
        return True
