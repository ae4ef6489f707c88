"""What can be configured with environment variables, and what is pinned."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meltano_pods.cli.local_cluster import NAME, build_kubeconfig_path

from tools.cluster.errors import ClusterError
from tools.cluster.places import ROOT, WORK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KIND = "0.33.0"
HELM = "3.22.0"
KUBECTL = "1.35.4"
# Of the images built for kind 0.33: the newest of the Kubernetes that the offline way builds, too.
NODE_IMAGE = (
    "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"
)
REGISTRY_IMAGE = "registry:3"
OFFLINE_NODE_IMAGE = "meltano-pods.offline/node"
OFFLINE_REGISTRY_IMAGE = "meltano-pods.offline/registry:dev"
OFFLINE_POSTGRES_IMAGE = "meltano-pods.offline/postgres:dev"
_LAST_PORT = 65535


class Images(StrEnum):
    """Where the images of node, registry and bases come from."""

    AUTO = "auto"
    """From a registry if it can be reached, else offline."""
    REGISTRY = "registry"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Settings:
    """One cluster.

    Attributes:
        name: Name of the kind cluster; its context is `kind-NAME`.
        images: Where the images come from.
        airflow_port: Port of this machine that leads to Airflow's web server.
        registry_port: Port of this machine that leads to the local registry.
    """

    name: str = NAME
    images: Images = Images.AUTO
    airflow_port: int = 8080
    registry_port: int = 5001

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read CLUSTER_NAME, CLUSTER_IMAGES, AIRFLOW_PORT and REGISTRY_PORT.

        Raises:
            ClusterError: A value is not allowed.
        """
        name = environment.get("CLUSTER_NAME") or cls.name
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", name):
            raise ClusterError(
                f"CLUSTER_NAME={name!r} is not a valid name for a cluster",
                "Use lower-case letters, digits and inner dashes, at most 40",
            )
        images = environment.get("CLUSTER_IMAGES") or cls.images
        if images not in {*Images}:
            raise ClusterError(
                f"CLUSTER_IMAGES={images!r} is not known", f"Set it to one of {', '.join(Images)}"
            )
        return cls(
            name,
            Images(images),
            _port(environment, "AIRFLOW_PORT", cls.airflow_port),
            _port(environment, "REGISTRY_PORT", cls.registry_port),
        )

    @property
    def context(self) -> str:
        """Name of the context in kubeconfig files."""
        return f"kind-{self.name}"

    @property
    def node(self) -> str:
        """Name of the node's container."""
        return f"{self.name}-control-plane"

    @property
    def registry(self) -> str:
        """Name of the local registry's container."""
        return f"{self.name}-registry"

    @property
    def relay(self) -> str:
        """Name of the container by which `astro dev` reaches the API server."""
        return f"{self.name}-astro"

    @property
    def registry_host(self) -> str:
        """What images in the local registry are called by, here and in the cluster."""
        return f"localhost:{self.registry_port}"

    @property
    def airflow_url(self) -> str:
        """Where Airflow is, from this machine."""
        return f"http://localhost:{self.airflow_port}"

    @property
    def work(self) -> Path:
        """Folder of this cluster's logs and kubeconfig."""
        return WORK / self.name

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of this cluster alone, whatever the user's current context is."""
        return build_kubeconfig_path(ROOT, self.name)


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal() or not 1 <= int(value) <= _LAST_PORT:
        raise ClusterError(
            f"{name}={value!r} is not a port", f"Set it to a number from 1 to {_LAST_PORT}"
        )
    return int(value)
