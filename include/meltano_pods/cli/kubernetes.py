"""Chooses the cluster of a command and connects to it, without Airflow and its connections.

Nothing is ever started in, or asked of, a cluster that nobody named: kubectl's current context
counts only in a kubeconfig that the deployment itself names.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.cli.local_cluster import local_kubeconfig
from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.deployment import variable_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meltano_pods.settings.deployment_model import DeploymentSettings

# Each try that fails would be a line of several hundred characters; the error says it in one.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

_T = TypeVar("_T")
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_IN_CLUSTER = "in-cluster"
_Context = dict[str, Any]


class NoClusterError(DeploymentError):
    """Nobody named a cluster."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A cluster.

    Attributes:
        client: Kubernetes' client.
        name: The kubeconfig's context, or `in-cluster`.
        namespace: The context's namespace; None where it names none.
        server: Address of the API.
        local: Whether it is the cluster of `make up`.
    """

    client: ApiClient
    name: str
    namespace: str | None
    server: str
    local: bool = False

    def __str__(self) -> str:
        made = ", made by `make up`" if self.local else ""
        return f"{self.name} ({self.server}{made})"


def reach(
    root: Path,
    settings: DeploymentSettings,
    context: str | None = None,
    kubeconfig: Path | None = None,
) -> Reached:
    """Return the cluster that somebody named.

    It is, in this order, the one of the command line, of the deployment's settings, the one that
    this command runs in if the deployment's pods do, and the one of `make up`.

    Args:
        root: The Airflow project's folder.
        settings: The deployment's.
        context: What `--context` says.
        kubeconfig: What `--kubeconfig` says.

    Raises:
        NoClusterError: Nobody named one.
        DeploymentError: What was named is not there.
    """
    local = local_kubeconfig(root)
    if context or kubeconfig:
        file = kubeconfig or settings.kubeconfig
        if file is None and local and context in _names(local):
            file = local
        return _of_file(file, context, local)
    if settings.cluster_context or settings.kubeconfig:
        return _of_file(settings.kubeconfig, settings.cluster_context, local, current=True)
    if settings.in_cluster and (inside := _in_cluster()) is not None:
        return inside
    if local is not None:
        return _of_file(local, None, local)
    raise _nobody_named_one(settings)


def _nobody_named_one(settings: DeploymentSettings) -> NoClusterError:
    try:
        known = [str(each["name"]) for each in config.list_kube_config_contexts()[0]]
    except config.ConfigException:
        known = []
    connection = settings.kubernetes_conn_id
    because = (
        f"the Airflow connection `{connection}` is not read by this command"
        if connection
        else "kubectl's current context does not count"
    )
    named = f"`--context {known[0]}`" if len(known) == 1 else "`--context NAME`"
    has = f" (the kubeconfig has: {listed(known)})" if known else " and `--kubeconfig FILE`"
    return NoClusterError(
        f"no cluster is named, and there is none of `make up`; {because}",
        "--context",
        f"Name one with {named}{has} or {variable_of('cluster_context')}, or bring up a local one "
        "with `make up`.",
    )


def _of_file(
    file: Path | None, context: str | None, local: Path | None, *, current: bool = False
) -> Reached:
    """Return a kubeconfig's cluster.

    Args:
        file: The kubeconfig; None for kubectl's.
        context: The context; None for the only one.
        local: Kubeconfig of the cluster of `make up`.
        current: Whether the current context is meant where none is named.
    """
    where = str(file or "the kubeconfig (KUBECONFIG, else ~/.kube/config)")
    try:
        contexts, active = config.list_kube_config_contexts(file and str(file))
        chosen = _chosen(contexts, context, active if current else None, where)
        client = config.new_client_from_config(file and str(file), chosen["name"])
    except config.ConfigException as error:
        raise DeploymentError(
            f"the kubeconfig cannot be used: {error}",
            where,
            "Name another one with `--kubeconfig FILE` or KUBECONFIG.",
        ) from None
    server = client.configuration.host
    return Reached(
        client,
        chosen["name"],
        chosen["context"].get("namespace"),
        server,
        local is not None and server in _servers(local),
    )


def _chosen(
    contexts: Sequence[_Context], name: str | None, current: _Context | None, where: str
) -> _Context:
    known = [str(each["name"]) for each in contexts]
    if name is None:
        if current is not None:
            return current
        if len(contexts) == 1:
            return contexts[0]
        raise NoClusterError(
            f"the kubeconfig has several contexts: {listed(known)}",
            where,
            "Name the one that you mean with `--context NAME`.",
        )
    found = next((each for each in contexts if each["name"] == name), None)
    if found is None:
        raise DeploymentError(
            f"the kubeconfig has no context `{name}`; it has: {listed(known)}",
            where,
            f"{suggestion(name, known)}Name one of these with `--context`, or another file with "
            "`--kubeconfig FILE`.",
        )
    return found


def _read(kubeconfig: Path) -> dict[str, Any]:
    data = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    return data if isinstance(data, dict) else {}


def _names(kubeconfig: Path) -> list[str]:
    return [str(each["name"]) for each in _read(kubeconfig).get("contexts") or []]


def _servers(kubeconfig: Path) -> list[str]:
    return [str(each["cluster"]["server"]) for each in _read(kubeconfig).get("clusters") or []]


def _in_cluster() -> Reached | None:
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return None
    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    namespace = file.read_text(encoding="utf-8").strip() if file.is_file() else None
    return Reached(ApiClient(configuration), _IN_CLUSTER, namespace, configuration.host)


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
            str(cluster),
            _fix_refusal(cluster, error.status),
        ) from None
    except HTTPError as error:
        fix = (
            "Run `make up`, which starts it again."
            if cluster.local
            else "Start it, or name another with `--context`."
        )
        raise DeploymentError(
            f"the cluster does not answer: {_why(error)}", str(cluster), fix
        ) from None


def _why(error: HTTPError) -> str:
    """Return the innermost reason, such as `[Errno 111] Connection refused`."""
    reason = getattr(error, "reason", None) or error
    return str(reason).rpartition(": ")[2] or type(error).__name__


def _fix_refusal(cluster: Reached, status: int) -> str:
    context = "" if cluster.name == _IN_CLUSTER else f" --context {cluster.name}"
    if status == _UNAUTHORIZED:
        return (
            f"Renew the credentials of {cluster.name}; `kubectl{context} auth whoami` shows "
            "whether they are accepted."
        )
    if status == _FORBIDDEN:
        return f"`meltano-pods doctor{context or ' --pod'}` lists the permissions that are missing."
    return f"See what `kubectl{context} get events` says, and try again."
