"""Kubernetes' client by a kubeconfig, as kubectl has it: no Airflow and no connection of its."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.settings.deployment_model import DeploymentSettings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reached:
    """A cluster.

    Attributes:
        client: Kubernetes' client.
        name: The kubeconfig's context, or `in-cluster`.
        namespace: The context's namespace; None where it names none.
        server: Address of the API.
    """

    client: ApiClient
    name: str
    namespace: str | None
    server: str


def reach(
    settings: DeploymentSettings, context: str | None = None, kubeconfig: Path | None = None
) -> Reached:
    """Return the cluster that the command line names, else the deployment, else the kubeconfig.

    Raises:
        DeploymentError: Nothing leads to a cluster.
    """
    context = context or settings.cluster_context
    file = kubeconfig or settings.kubeconfig
    try:
        contexts, current = config.list_kube_config_contexts(file and str(file))
        found = next((each for each in contexts if each["name"] == context), None)
        chosen = current if context is None else found
        if chosen is None:
            known = ", ".join(each["name"] for each in contexts)
            raise DeploymentError(
                f"the kubeconfig has no context `{context}`; it has: {known}",
                "--context, or the setting `cluster_context`",
                "Name one of these.",
            )
        client = config.new_client_from_config(file and str(file), chosen["name"])
        return Reached(
            client, chosen["name"], chosen["context"].get("namespace"), client.configuration.host
        )
    except config.ConfigException as error:
        inside = _in_cluster()
        if inside is not None and file is None and context is None:
            return inside
        raise DeploymentError(
            f"no cluster can be reached: {error}",
            str(file or "the kubeconfig (KUBECONFIG, else ~/.kube/config)"),
            "Name a kubeconfig with `--kubeconfig` or KUBECONFIG and its context with "
            "`--context`; `make up` makes a cluster and says its context.",
        ) from None


def _in_cluster() -> Reached | None:
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return None
    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    namespace = file.read_text(encoding="utf-8").strip() if file.is_file() else None
    return Reached(ApiClient(configuration), "in-cluster", namespace, configuration.host)


def asking(cluster: Reached, what: Callable[[], _T]) -> _T:
    """Return what a request yields.

    Raises:
        DeploymentError: The cluster refuses it, or does not answer.
    """
    try:
        return what()
    except ApiException as error:
        raise DeploymentError(
            f"the cluster refuses: {error.reason} (HTTP {error.status})",
            f"{cluster.name}, {cluster.server}",
            "`meltano-pods doctor` says which rights are missing.",
        ) from None
    except HTTPError as error:
        raise DeploymentError(
            f"the cluster does not answer: {type(error).__name__}",
            f"{cluster.name}, {cluster.server}",
            "Start it, or name another with `--context`.",
        ) from None
