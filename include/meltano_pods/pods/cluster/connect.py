"""Connects to the pods' cluster, which may be another one than Airflow's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from meltano_pods.errors import DeploymentError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, CoreV1Api

    from meltano_pods.pods.spec.options import ClusterAccess


_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_WAYS = ("kube_config", "kube_config_path")


class ClusterHook(KubernetesHook):
    """Kubernetes' client for the pods' cluster.

    Args:
        cluster: Where it is.
    """

    def __init__(self, cluster: ClusterAccess) -> None:
        super().__init__(
            conn_id=cluster.connection,
            kubernetes_conn_id=None,
            in_cluster=cluster.in_cluster,
            cluster_context=cluster.context,
            config_file=None if cluster.kubeconfig is None else str(cluster.kubeconfig),
        )

    def get_pods_namespace(self) -> str:
        """Return the namespace of pods for which neither settings nor template name one."""
        named = self.get_namespace()
        # Airflow's own namespace need not exist in another cluster.
        if not named and self.in_cluster is not False and _OWN_NAMESPACE.is_file():
            named = _OWN_NAMESPACE.read_text(encoding="utf-8").strip()
        return named or "default"

    def get_conn(self) -> ApiClient:
        """Return a new client.

        If nothing configures another cluster, the provider tries the one it runs in, even with
        `in_cluster: false`: pods with production secrets would start in the wrong place.

        Raises:
            DeploymentError: Nothing configures how to reach the other cluster.
        """
        extras = self.conn_extras
        is_configured = any(
            extras.get(key) or extras.get(f"extra__kubernetes__{key}") for key in _WAYS
        )
        if self.in_cluster is not False or self.config_file or is_configured:
            return super().get_conn()
        raise DeploymentError(
            "Airflow does not run in the pods' cluster (`in_cluster` is false), and nothing "
            "configures how to reach it",
            f"Airflow's connection `{self.conn_id}`" if self.conn_id else "the deployment",
            "Create the connection, of type Kubernetes, with a kubeconfig as JSON (`kube_config`) "
            "or its path (`kube_config_path`); or set AIRFLOW__MELTANO_PODS__KUBECONFIG to the "
            "path. See docs/how-to/external-cluster.md.",
        )


def connect(cluster: ClusterAccess) -> CoreV1Api:
    """Return a new client, with the credentials as they are now.

    Raises:
        DeploymentError: Nothing configures how to reach the other cluster.
    """
    return ClusterHook(cluster).core_v1_client


def read_trigger_access(cluster: ClusterAccess) -> dict[str, Any]:
    """Return how the triggerer reaches a cluster: arguments of the provider's asynchronous hook.

    It includes the contents of a file and a connection that the triggerer may lack.
    """
    file = cluster.kubeconfig
    if file is None and not cluster.in_cluster and Path(os.environ.get("KUBECONFIG", "")).is_file():
        file = Path(os.environ["KUBECONFIG"])
    extras: dict[str, Any] | None = None
    if cluster.connection:
        try:
            extras = BaseHook.get_connection(cluster.connection).extra_dejson
        except AirflowNotFoundException:
            extras = None  # the triggerer may find it in its own environment
    return {
        "conn_id": cluster.connection,
        "in_cluster": cluster.in_cluster,
        "cluster_context": cluster.context,
        "config_dict": yaml.safe_load(file.read_text(encoding="utf-8")) if file else None,
        "connection_extras": extras,
    }
