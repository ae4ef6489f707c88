"""Chooses the cluster of a command and connects to it, without Airflow and its connections.

No command contacts a cluster that is not named: kubectl's current context counts only in a
kubeconfig that the deployment itself names.
"""

from __future__ import annotations

import logging
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.cli.kubeconfig import (
    NoClusterError,
    build_kubeconfig_error,
    choose_context,
    list_contexts,
    list_servers,
)
from meltano_pods.cli.local_cluster import find_local_kubeconfig
from meltano_pods.errors import DeploymentError
from meltano_pods.names import list_names
from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.settings.deployment.read import get_variable_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.settings.deployment.model import DeploymentSettings

# It would log several hundred characters for each failed try; the error says it in one sentence.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

_T = TypeVar("_T")
_UNAUTHORIZED = 401
_IN_CLUSTER = "in-cluster"
_KUBECTL = re.compile(r"\bkubectl (?!--context|--kubeconfig)")
_DENIED = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"/]+)(?:/(?P<part>[^"]+))?" '
    r'in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<namespace>[^"]+)")?'
)
"""How the API server words a missing permission."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster.

    Attributes:
        client: The client of its API.
        name: The kubeconfig's context, or `in-cluster`.
        namespace: The context's namespace; None if it names none.
        server: Address of the API.
        local: Whether it is the cluster of `make up`.
        kubeconfig: The file that has the context; None for kubectl's own.
    """

    client: ApiClient
    name: str
    namespace: str | None
    server: str
    local: bool = False
    kubeconfig: Path | None = None

    def aim(self, text: str) -> str:
        """Return a text with the options of this cluster in each kubectl command."""
        if self.name == _IN_CLUSTER:
            return text
        options = {"--kubeconfig": self.kubeconfig, "--context": self.name}
        words = [f"{key} {shlex.quote(str(value))}" for key, value in options.items() if value]
        return _KUBECTL.sub(lambda _: f"kubectl {' '.join(words)} ", text)

    def __str__(self) -> str:
        origin = ", made by `make up`" if self.local else ""
        return f"{self.name} ({self.server}{origin})"


def connect(
    root: Path,
    settings: DeploymentSettings,
    context: str | None = None,
    kubeconfig: Path | None = None,
) -> Cluster:
    """Return the cluster that is named.

    The first of these: the cluster of the command line, of the deployment's settings, the one that
    this command runs in if the deployment's pods do, the one of `make up`.

    Args:
        root: The Airflow project's folder.
        settings: The deployment's.
        context: The option `--context`.
        kubeconfig: The option `--kubeconfig`.

    Raises:
        NoClusterError: None is named.
        DeploymentError: The one that is named cannot be found.
    """
    local = find_local_kubeconfig(root)
    if context or kubeconfig:
        file = kubeconfig or settings.kubeconfig
        if file is None and local and context in list_contexts(local):
            file = local
        return _connect_by_file(file, context, local)
    if settings.cluster_context or settings.kubeconfig:
        return _connect_by_file(
            settings.kubeconfig, settings.cluster_context, local, allow_current=True
        )
    if settings.in_cluster and (inside := _connect_in_cluster()) is not None:
        return inside
    if local is not None:
        return _connect_by_file(local, None, local)
    raise _build_no_cluster_error(settings)


def _build_no_cluster_error(settings: DeploymentSettings) -> NoClusterError:
    try:
        known = list_contexts(None)
    except DeploymentError:
        known = []
    connection = settings.kubernetes_conn_id
    because = (
        f"this command does not read the Airflow connection `{connection}`"
        if connection
        else "kubectl's current context does not count"
    )
    option = f"`--context {known[0]}`" if len(known) == 1 else "`--context NAME`"
    more = f" (the kubeconfig has: {list_names(known)})" if known else " and `--kubeconfig FILE`"
    return NoClusterError(
        f"no cluster is named, and `make up` has not started one here; {because}",
        "--context",
        f"Name one with {option}{more} or {get_variable_name('cluster_context')}, or start a local "
        "one with `make up`.",
    )


def _connect_by_file(
    file: Path | None, context: str | None, local: Path | None, *, allow_current: bool = False
) -> Cluster:
    """Return a kubeconfig's cluster.

    Args:
        file: The kubeconfig; None for kubectl's.
        context: The context; None for the only one.
        local: Kubeconfig of the cluster of `make up`.
        allow_current: Whether None means the current context, if there is one.
    """
    chosen = choose_context(file, context, allow_current=allow_current)
    try:
        client = config.new_client_from_config(file and str(file), chosen["name"])
    except (config.ConfigException, OSError) as error:
        raise build_kubeconfig_error(file, str(error)) from None
    server = client.configuration.host
    return Cluster(
        client,
        chosen["name"],
        chosen["context"].get("namespace"),
        server,
        local is not None and server in list_servers(local),
        file,
    )


def _connect_in_cluster() -> Cluster | None:
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return None
    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    namespace = file.read_text(encoding="utf-8").strip() if file.is_file() else None
    return Cluster(ApiClient(configuration), _IN_CLUSTER, namespace, configuration.host)


def call_api(cluster: Cluster, request: Callable[[], _T]) -> _T:
    """Return the answer to a request.

    Raises:
        DeploymentError: The cluster rejects the request, or does not answer.
    """
    try:
        return request()
    except ApiException as error:
        raise _build_rejection(cluster, ApiError(error.status, error.reason, error.body)) from None
    except ApiError as error:
        if error.status is None:
            raise _build_silence(cluster, error.__cause__) from None
        raise _build_rejection(cluster, error) from None
    except HTTPError as error:
        raise _build_silence(cluster, error) from None


def _build_silence(cluster: Cluster, error: BaseException | None) -> DeploymentError:
    # The innermost reason, such as `[Errno 111] Connection refused`.
    reason = getattr(error, "reason", None) or error
    why = str(reason).rpartition(": ")[2] or type(error).__name__
    return DeploymentError(
        f"the cluster does not answer: {why}",
        str(cluster),
        "Run `make up`, which starts it again."
        if cluster.local
        else "Start it, or name another with `--context`.",
    )


def _build_rejection(cluster: Cluster, error: ApiError) -> DeploymentError:
    if error.status == _UNAUTHORIZED:
        return DeploymentError(
            f"the cluster rejects the credentials: {error}",
            str(cluster),
            f"Renew the credentials of {cluster.name}; {cluster.aim('`kubectl auth whoami`')} "
            "shows whether they are accepted.",
        )
    reason = diagnose_api_error(error).message
    if (denied := _DENIED.search(reason)) is not None:
        return _build_denial(cluster, denied)
    return DeploymentError(
        f"the cluster rejects the request: {reason}",
        str(cluster),
        f"Fix what this message names, and try again; {cluster.aim('`kubectl get events`')} may "
        "tell more.",
    )


def _build_denial(cluster: Cluster, denied: re.Match[str]) -> DeploymentError:
    """Return the error for a missing permission."""
    verb, resource, part, group, namespace = denied.group(
        "verb", "resource", "part", "group", "namespace"
    )
    name = f"{verb} {resource}" + (f"/{part}" if part else "")
    place = f"in namespace `{namespace}`" if namespace else "in the whole cluster"
    command = " ".join(
        [
            "kubectl",
            *(["--namespace", namespace] if namespace else []),
            f"auth can-i {verb} {resource}{f'.{group}' if group else ''}",
            *([f"--subresource={part}"] if part else []),
        ]
    )
    way = (
        "with a Role, as charts/meltano-pods has one (its values `rbac.launchers` and "
        "`rbac.triggerers` name who gets it)"
        if namespace
        else "with a ClusterRole"
    )
    return DeploymentError(
        f"you may not {name} {place}",
        str(cluster),
        f"Let an administrator grant `{name}` {place}, {way}. Then `{cluster.aim(command)}` "
        "answers `yes`.",
    )
