"""What the provider's operator is told, and what nobody else may tell it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import BaseOperator

from meltano_pods.errors import DeploymentError
from meltano_pods.pods.run.wait import CHECK_SECONDS
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.spec.options import PodOptions

_LEFT_TO_USERS = frozenset({"do_xcom_push", "poll_interval", "logging_interval", "trigger_kwargs"})
_OURS = frozenset(inspect.signature(KubernetesPodOperator.__init__).parameters) - (
    frozenset(inspect.signature(BaseOperator.__init__).parameters) | {"kwargs"} | _LEFT_TO_USERS
)


def check_arguments(said: Mapping[str, Any]) -> None:
    """Refuse arguments that are the provider's and for which ours has another place.

    Args:
        said: What the DAG's author says beside ours.

    Raises:
        DeploymentError: There are some.
    """
    if refused := sorted(said.keys() & _OURS):
        raise DeploymentError(
            f"MeltanoPodOperator takes no {', '.join(f'`{name}`' for name in refused)}",
            f"task {said.get('task_id')}",
            "Say it by the settings of pods in meltano.yml; `pod_override` takes anything.",
        )


def provider_arguments(options: PodOptions) -> dict[str, Any]:
    """Return the provider's arguments that a pod's options stand for.

    Args:
        options: What the task wants of its pod.
    """
    cluster = options.cluster
    return {
        "kubernetes_conn_id": cluster.connection,
        "in_cluster": cluster.in_cluster,
        "cluster_context": cluster.context,
        "config_file": cluster.kubeconfig and str(cluster.kubeconfig),
        "deferrable": options.deferrable,
        "base_container_name": RUN_CONTAINER,
        # A whole number: the API refuses the event watch the provider makes of 1.0.
        "startup_check_interval_seconds": int(CHECK_SECONDS),
        "startup_timeout_seconds": int(options.start_timeout),
        "schedule_timeout_seconds": int(options.start_timeout),
        "termination_grace_period": int(options.termination_grace_period),
        "log_pod_spec_on_failure": False,
        "log_events_on_failure": True,
        "on_finish_action": "delete_succeeded_pod",
        "random_name_suffix": False,
    }
