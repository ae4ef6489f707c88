"""The arguments of the provider's operator: which we pass, and which users may not set."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import BaseOperator

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.spec.options import PodOptions

_LEFT_TO_USERS = frozenset({"do_xcom_push", "poll_interval"})
_OURS = frozenset(inspect.signature(KubernetesPodOperator.__init__).parameters) - (
    frozenset(inspect.signature(BaseOperator.__init__).parameters) | {"kwargs"} | _LEFT_TO_USERS
)


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Reject arguments of the provider's operator that a setting replaces.

    Args:
        arguments: Those in the DAG file besides ours.

    Raises:
        DeploymentError: At least one is rejected.
    """
    if rejected := sorted(arguments.keys() & _OURS):
        raise DeploymentError(
            f"MeltanoPodOperator does not take {', '.join(f'`{name}`' for name in rejected)}",
            f"task {arguments.get('task_id')}",
            "Use the settings of pods in meltano.yml instead, such as `image` or, for any field, "
            "`pod_override: {spec: {nodeSelector: {pool: large}}}`.",
        )


def build_provider_arguments(options: PodOptions) -> dict[str, Any]:
    """Return the provider's arguments for a pod's options.

    Our operator needs none of them, but policies and listeners of users read them from the task.

    Args:
        options: The pod's options.
    """
    cluster = options.cluster
    return {
        "kubernetes_conn_id": cluster.connection,
        "in_cluster": cluster.in_cluster,
        "cluster_context": cluster.context,
        "config_file": cluster.kubeconfig and str(cluster.kubeconfig),
        "namespace": options.namespace,
        "image": options.image,
        "deferrable": options.deferrable,
        "base_container_name": RUN_CONTAINER,
        "startup_timeout_seconds": int(options.start_timeout),
        "termination_grace_period": int(options.termination_grace_period),
    }
