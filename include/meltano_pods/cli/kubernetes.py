"""Chooses the cluster of a command and connects to it, without Airflow and its connections.

Nothing is ever started in, or asked of, a cluster that nobody named: kubectl's current context
counts only in a kubeconfig that the deployment itself names.
"""

from __future__ import annotations

import logging
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config
from urllib3.exceptions import HTTPError

from meltano_pods.cli.local_cluster import local_kubeconfig
from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion
from meltano_pods.pods.diagnose.api_errors import ApiError
from meltano_pods.settings.deployment.read import get_variable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meltano_pods.settings.deployment.model import DeploymentSettings

# Each try that fails would be a line of several hundred characters; the error says it in one.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

_T = TypeVar("_T")
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_IN_CLUSTER = "in-cluster"
_KUBECTL = re.compile(r"\bkubectl (?!--context|--kubeconfig)")
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
        kubeconfig: The file that has the context; None for kubectl's own.
    """

    client: ApiClient
    name: str
    namespace: str | None
    server: str
    local: bool = False
    kubeconfig: Path | None = None

    def aim(self, text: str) -> str:
        """Return a text in which each kubectl command is for this cluster, not the current one."""
        if self.name == _IN_CLUSTER:
            return text
        options = {"--kubeconfig": self.kubeconfig, "--context": self.name}
        words = [f"{key} {shlex.quote(str(value))}" for key, value in options.items() if value]
        return _KUBECTL.sub(lambda _: f"kubectl {' '.join(words)} ", text)

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
        known = _names(None)
    except DeploymentError:
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
        f"Name one with {named}{has} or {get_variable_name('cluster_context')}, or start a local "
        "one with `make up`.",
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
    where = _where(file)
    data = _read(file)
    contexts = data.get("contexts") or []
    active = next((each for each in contexts if each["name"] == data.get("current-context")), None)
    chosen = _chosen(contexts, context, active if current else None, where)
    try:
        client = config.new_client_from_config(file and str(file), chosen["name"])
    except (config.ConfigException, OSError) as error:
        raise _unusable(str(error), where) from None
    server = client.configuration.host
    return Reached(
        client,
        chosen["name"],
        chosen["context"].get("namespace"),
        server,
        local is not None and server in _servers(local),
        file,
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


def _where(file: Path | None) -> str:
    return str(file or "the kubeconfig (KUBECONFIG, else ~/.kube/config)")


def _read(file: Path | None) -> dict[str, Any]:
    """Return the content of a kubeconfig, or of those that KUBECONFIG names, as kubectl joins them.

    Not by the client's list of contexts, which demands a current one.

    Raises:
        DeploymentError: There is none, or it is no kubeconfig.
    """
    path = str(file or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    try:
        merged = kube_config.KubeConfigMerger(path).config
        data = _plain(merged)
        if data is None:
            raise _unusable("there is no such file", _where(file))
        for name, content in (("contexts", "context"), ("clusters", "cluster")):
            for each in data.get(name) or []:
                each["name"], each[content].get("server")
    except (config.ConfigException, OSError) as error:
        raise _unusable(str(error), _where(file)) from None
    except yaml.YAMLError:
        # Without YAML's own words, which quote what was found: keys and tokens stand in it.
        raise _unusable("it is not valid YAML", _where(file)) from None
    except (KeyError, TypeError, AttributeError):
        raise _unusable("its clusters or contexts are not those of one", _where(file)) from None
    return dict(data)


def _plain(node: Any) -> Any:  # noqa: ANN401 - the client has no types
    """Return what the client wraps, at any depth, to name it in its errors."""
    value = getattr(node, "value", node)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _unusable(why: str, where: str) -> DeploymentError:
    return DeploymentError(
        f"the kubeconfig cannot be used: {why}",
        where,
        "Name another one with `--kubeconfig FILE` or KUBECONFIG.",
    )


def _names(file: Path | None) -> list[str]:
    return [str(each["name"]) for each in _read(file).get("contexts") or []]


def _servers(file: Path) -> list[str]:
    return [str(each["cluster"].get("server")) for each in _read(file).get("clusters") or []]


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
    except (ApiException, HTTPError) as error:
        raise _describe(cluster, error) from None
    except ApiError as error:
        raise _describe(cluster, error.__cause__) from None


def _describe(cluster: Reached, error: BaseException | None) -> DeploymentError:
    """Return what a failed request means to who typed a command."""
    if isinstance(error, ApiException):
        return DeploymentError(
            f"the cluster rejects the request: {error.reason} (HTTP {error.status})",
            str(cluster),
            _fix_refusal(cluster, error.status),
        )
    fix = (
        "Run `make up`, which starts it again."
        if cluster.local
        else "Start it, or name another with `--context`."
    )
    return DeploymentError(f"the cluster does not answer: {_why(error)}", str(cluster), fix)


def _why(error: BaseException | None) -> str:
    """Return the innermost reason, such as `[Errno 111] Connection refused`."""
    reason = getattr(error, "reason", None) or error
    return str(reason).rpartition(": ")[2] or type(error).__name__


def _fix_refusal(cluster: Reached, status: int) -> str:
    if status == _UNAUTHORIZED:
        whoami = cluster.aim("`kubectl auth whoami`")
        return f"Renew the credentials of {cluster.name}; {whoami} shows whether they are accepted."
    if status == _FORBIDDEN:
        option = "--pod" if cluster.name == _IN_CLUSTER else f"--context {cluster.name}"
        return f"`meltano-pods doctor {option}` lists the permissions that are missing."
    return f"See what {cluster.aim('`kubectl get events`')} says, and try again."
