"""The cluster of `make up`: its kubeconfig, and the settings of its Airflow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import read_variables
from meltano_pods.tasks.folders import PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client import CoreV1Api

NAME = "meltano-pods"
AIRFLOW_NAMESPACE, _CONFIG = "airflow", "airflow-config"
IMAGE_SETTINGS = ("image", "namespace")
"""Settings of this cluster that also hold with another profile."""
_WORK = Path(".run/cluster")
# How that Airflow connects to its cluster, where its files are, and whom it notifies.
_ONLY_FOR_AIRFLOW = frozenset(
    {*PLACES, "cluster_context", "in_cluster", "kubeconfig", "kubernetes_conn_id", "notify",
     "local_env", "runner"}
)  # fmt: skip
_SECONDS = (5, 20)


def build_kubeconfig_path(root: Path, name: str) -> Path:
    """Return the kubeconfig of a cluster of `make up`; the file exists as long as the cluster."""
    return root / _WORK / name / "kubeconfig"


def find_local_kubeconfig(root: Path) -> Path | None:
    """Return the kubeconfig of the cluster that `make up` made here; None if there is none."""
    file = build_kubeconfig_path(root, os.environ.get("CLUSTER_NAME") or NAME)
    return file if file.is_file() else None


def read_local_settings(core: CoreV1Api) -> Mapping[str, str]:
    """Return the section `[meltano_pods]` of the cluster's Airflow, as far as it determines pods.

    Raises:
        DeploymentError: There is no Airflow in the cluster.
        ApiException: The cluster rejects the request.
    """
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415 - only with a cluster

    try:
        found = core.read_namespaced_config_map(
            _CONFIG, AIRFLOW_NAMESPACE, _request_timeout=_SECONDS
        )
    except ApiException as error:
        if error.status != 404:  # noqa: PLR2004 - HTTP's `not found`
            raise
        raise DeploymentError(
            "the cluster of `make up` has no Airflow, which says what pods to start",
            f"ConfigMap {AIRFLOW_NAMESPACE}/{_CONFIG}",
            "Run `make up`, which continues where it ended.",
        ) from None
    section = read_variables(found.data or {})
    return {key: value for key, value in section.items() if key not in _ONLY_FOR_AIRFLOW}
