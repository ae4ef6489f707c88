"""The provider's hook, kept out of Airflow's own cluster where the pods belong into another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook

from meltano_pods.errors import DeploymentError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from meltano_pods.pods.spec.options import ClusterAccess


_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


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

    def pods_namespace(self) -> str:
        """Return where pods go that neither settings nor template send anywhere."""
        named = self.get_namespace()
        # In another cluster Airflow's own namespace means nothing.
        if not named and self.in_cluster is not False and _OWN_NAMESPACE.is_file():
            named = _OWN_NAMESPACE.read_text(encoding="utf-8").strip()
        return named or "default"

    def _get_default_client(self, **options: Any) -> ApiClient:  # noqa: ANN401 - the provider's
        """Find a client where neither connection nor setting says how.

        The provider tries the cluster it runs in first, even if told that it is another one: pods
        with production secrets would start in the wrong place.

        Raises:
            DeploymentError: The cluster is another one, and nothing leads to it.
        """
        if self.in_cluster is not False:
            return super()._get_default_client(**options)
        raise DeploymentError(
            "Airflow does not run in the pods' cluster (`in_cluster` is false), and nothing says "
            "how to reach it",
            f"Airflow's connection `{self.conn_id}`" if self.conn_id else "the deployment",
            "Create the connection, of type Kubernetes, with a kubeconfig as JSON (`kube_config`) "
            "or its path (`kube_config_path`); or set AIRFLOW__MELTANO_PODS__KUBECONFIG to the "
            "path. See docs/how-to/external-cluster.md.",
        )
