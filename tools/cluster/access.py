"""Access to the cluster's Secrets and its Airflow."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from meltano_pods.cli import local_cluster

from tools.airflow_api import AirflowApi
from tools.cluster.errors import ClusterError
from tools.cluster.places import BIN

if TYPE_CHECKING:
    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

AIRFLOW_NAMESPACE = local_cluster.AIRFLOW_NAMESPACE
_LOGIN = "airflow-login"
_ADMIN = "admin"


def secret(settings: Settings, namespace: str, name: str, shell: Shell) -> dict[str, str]:
    """Return the values of a Secret, by key.

    Raises:
        ClusterError: There is no such Secret, or no cluster that answers.
    """
    # With ask(), because its output must not be logged.
    answer = shell.ask(
        BIN / "kubectl", "--kubeconfig", settings.kubeconfig, "--namespace", namespace,
        "get", "secret", name, "-o", "json",
    )  # fmt: skip
    if answer is None:
        raise ClusterError(
            f"Secret {namespace}/{name} of cluster {settings.name} cannot be read",
            "Create or repair the cluster: `make up`",
        )
    data = json.loads(answer)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def logins(settings: Settings, shell: Shell) -> dict[str, str]:
    """Return the passwords of Airflow's users, by name."""
    found = secret(settings, AIRFLOW_NAMESPACE, _LOGIN, shell)
    return {user: password for user, password in sorted(found.items()) if "." not in user}


def airflow_api(settings: Settings, shell: Shell) -> AirflowApi:
    """Return a client of the cluster's Airflow, as its administrator."""
    password = logins(settings, shell)[_ADMIN]
    return AirflowApi(settings.airflow_url, _ADMIN, lambda: password)
