"""Profiles: defaults of the deployment's settings for a kind of place, each with its reason.

A profile is chosen, never detected: on Astro, `astro dev start` and a Deployment look alike to a
process, but only one of them has a cluster.
"""

from __future__ import annotations

from typing import Any

from meltano_pods.settings.types.execution import KUBERNETES

ASTRO: dict[str, Any] = {
    "execution_mode": KUBERNETES,
    "pod_template": "astro.yaml",
    # Pods run in the Deployment's own namespace, which its account may use; no connection needed.
    "in_cluster": True,
    # Astro keeps the secret variables of a Deployment in one Secret: no project may see all of it,
    # so nothing is taken whole, and `secret_env` names keys.
    "secrets": (),
    "key_secret": "env-secrets",
    "database_secret": "env-secrets",
    "equal_resources": True,
}

EXTERNAL: dict[str, Any] = {
    "execution_mode": KUBERNETES,
    # Never Airflow's own cluster by accident: without a connection or kubeconfig it is an error.
    "in_cluster": False,
    "kubernetes_conn_id": "kubernetes_default",
}

PROFILES = {"astro": ASTRO, "external": EXTERNAL}
