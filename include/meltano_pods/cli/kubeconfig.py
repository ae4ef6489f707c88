"""Reads kubeconfig files as kubectl does, but with errors of one sentence and without tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from kubernetes import config
from kubernetes.config import kube_config

from meltano_pods.errors import DeploymentError
from meltano_pods.names import list_names, suggest

if TYPE_CHECKING:
    from pathlib import Path

Context = dict[str, Any]


class NoClusterError(DeploymentError):
    """No cluster is named."""


def choose_context(file: Path | None, name: str | None, *, allow_current: bool = False) -> Context:
    """Return a context of a kubeconfig.

    Args:
        file: The kubeconfig; None for kubectl's.
        name: The context's name; None for the only one.
        allow_current: Whether None means the current context, if there is one.

    Raises:
        NoClusterError: There are several, and no name.
        DeploymentError: The kubeconfig has no such context, or cannot be read.
    """
    data = read_kubeconfig(file)
    contexts: list[Context] = data.get("contexts") or []
    known = [str(each["name"]) for each in contexts]
    current = data.get("current-context") if allow_current and name is None else name
    found = next((each for each in contexts if each["name"] == current), None)
    if found is not None:
        return found
    if name is not None:
        raise DeploymentError(
            f"the kubeconfig has no context `{name}`; it has: {list_names(known)}",
            describe_place(file),
            f"{suggest(name, known)}Name one of these with `--context`, or another file with "
            "`--kubeconfig FILE`.",
        )
    if len(contexts) == 1:
        return contexts[0]
    raise NoClusterError(
        f"the kubeconfig has several contexts: {list_names(known)}",
        describe_place(file),
        "Choose one with `--context NAME`.",
    )


def list_contexts(file: Path | None) -> list[str]:
    """Return the names of a kubeconfig's contexts."""
    return [str(each["name"]) for each in read_kubeconfig(file).get("contexts") or []]


def list_servers(file: Path | None) -> list[str]:
    """Return the addresses of a kubeconfig's clusters."""
    clusters = read_kubeconfig(file).get("clusters") or []
    return [str(each["cluster"].get("server")) for each in clusters]


def read_kubeconfig(file: Path | None) -> dict[str, Any]:
    """Return the content of a kubeconfig; None merges those in KUBECONFIG, as kubectl does.

    The client's own function for this fails if there is no current context.

    Raises:
        DeploymentError: The file does not exist, or is not a kubeconfig.
    """
    path = str(file or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    try:
        merged = kube_config.KubeConfigMerger(path).config
        data = _unwrap(merged)
        if data is None:
            raise build_kubeconfig_error(file, "there is no such file")
        for name, content in (("contexts", "context"), ("clusters", "cluster")):
            for each in data.get(name) or []:
                each["name"], each[content].get("server")
    except (config.ConfigException, OSError) as error:
        raise build_kubeconfig_error(file, str(error)) from None
    except yaml.YAMLError:
        # Without the parser's message, which quotes the file: it contains keys and tokens.
        raise build_kubeconfig_error(file, "it is not valid YAML") from None
    except (KeyError, TypeError, AttributeError):
        why = "its clusters or contexts do not have the form of a kubeconfig"
        raise build_kubeconfig_error(file, why) from None
    return dict(data)


def _unwrap(node: Any) -> Any:  # noqa: ANN401 - the client has no types
    """Return plain data without the wrappers in which the client keeps the path of each node."""
    value = getattr(node, "value", node)
    if isinstance(value, list):
        return [_unwrap(each) for each in value]
    return {key: _unwrap(each) for key, each in value.items()} if isinstance(value, dict) else value


def describe_place(file: Path | None) -> str:
    """Return how an error names a kubeconfig."""
    return str(file or "the kubeconfig (KUBECONFIG, else ~/.kube/config)")


def build_kubeconfig_error(file: Path | None, why: str) -> DeploymentError:
    """Return the error for a kubeconfig that cannot be used."""
    return DeploymentError(
        f"the kubeconfig cannot be used: {why}",
        describe_place(file),
        "Name another one with `--kubeconfig FILE` or KUBECONFIG.",
    )
