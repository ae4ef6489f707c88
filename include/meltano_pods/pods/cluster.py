"""How Airflow reaches the cluster of the pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.settings.deployment_model import DeploymentSettings


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the pods' cluster is.

    Attributes:
        connection: Airflow connection; None for none.
        in_cluster: Whether Airflow runs in it; None: found out.
        context: Context of the kubeconfig.
        kubeconfig: Kubeconfig file.
    """

    connection: str | None = None
    in_cluster: bool | None = None
    context: str | None = None
    kubeconfig: Path | None = None


def cluster_of(settings: DeploymentSettings) -> Cluster:
    """Return the cluster that a deployment names."""
    return Cluster(
        settings.kubernetes_conn_id or None,
        settings.in_cluster,
        settings.cluster_context,
        settings.kubeconfig,
    )
