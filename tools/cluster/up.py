"""The steps of `make up` and `make down`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.cluster import apps, kind, offline
from tools.cluster.engine import ensure_engine, stop_engine
from tools.cluster.places import BIN
from tools.cluster.settings import NODE_IMAGE, OFFLINE_POSTGRES_IMAGE, Images, Settings
from tools.cluster.steps import Step
from tools.cluster.toolbox import ensure_tools
from tools.images.build import AIRFLOW, MELTANO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tools.cluster.shell import Shell


@dataclass
class Up:
    """What the steps of one `make up` hand on to each other.

    Attributes:
        settings: The cluster.
        images: Where images come from, decided by the first step.
        built: Programs of the offline way; None on the other.
        node: Name of the node image.
        pushed: Names by digest of the images in the local registry, by their names here.
    """

    settings: Settings
    images: Images = Images.AUTO
    built: Path | None = None
    node: str = NODE_IMAGE
    pushed: dict[str, str] = field(default_factory=dict)

    def cluster_steps(self) -> Sequence[Step]:
        """Steps to an empty cluster."""
        return (
            Step("Docker engine", self._engine),
            Step("Programs and packages", self._programs),
            Step("Tools", lambda shell: ensure_tools(shell, self.built)),
            Step("Node image", self._node_image),
            Step("Local registry", lambda s: kind.ensure_registry(self.settings, self.images, s)),
            Step(
                "Cluster", lambda s: kind.ensure_cluster(self.settings, self.images, self.node, s)
            ),
        )

    def app_steps(self) -> Sequence[Step]:
        """Steps from there to a healthy Airflow."""
        return (
            Step("Images", lambda shell: apps.build_images(self.images, shell)),
            Step("Push to the local registry", self._push),
            Step("Airflow", lambda s: apps.install_airflow(self.settings, self.pushed, s)),
            Step(
                "Meltano pods", lambda s: apps.install_meltano_pods(self.settings, self.pushed, s)
            ),
            Step("Health", lambda _: apps.wait_healthy(self.settings)),
        )

    def _engine(self, shell: Shell) -> str:
        output = ensure_engine(shell)
        self.images = kind.choose_images(self.settings, shell)
        where = "a registry" if self.images is Images.REGISTRY else "packages (offline)"
        return f"{output}; images from {where}"

    def _programs(self, shell: Shell) -> str:
        if self.images is Images.REGISTRY:
            return "not needed: they come with the node image"
        self.built = offline.ingredients(shell)
        return f"Kubernetes {(self.built / 'version').read_text().strip()}, Debian trixie"

    def _node_image(self, shell: Shell) -> str:
        if self.images is Images.OFFLINE:
            self.node = offline.node_image(shell)
        elif shell.ask("docker", "image", "inspect", "--format", "{{.Id}}", self.node) is None:
            shell.run("docker", "pull", self.node)
        return self.node

    def _push(self, shell: Shell) -> str:
        names = [MELTANO, AIRFLOW]
        self.pushed = {name: apps.push(self.settings, name, shell) for name in names}
        if self.images is Images.OFFLINE:
            self.pushed["postgres"] = apps.push(self.settings, OFFLINE_POSTGRES_IMAGE, shell)
        return ", ".join(self.pushed.values())


def down_steps(settings: Settings) -> Sequence[Step]:
    """Steps that leave nothing of a cluster."""
    steps = [Step("Removing the cluster", lambda shell: _remove(settings, shell))]
    if os.environ.get("DOWN_ENGINE") == "1":
        steps.append(Step("Stopping Docker", lambda _: stop_engine()))
    return steps


def _remove(settings: Settings, shell: Shell) -> str:
    if shell.ask("docker", "version", "--format", "{{.Server.Version}}") is None:
        return "no Docker engine runs, so no cluster does"
    if not (BIN / "kind").exists() and kind.exists(settings, shell):
        offline_way = kind.choose_images(settings, shell) is Images.OFFLINE
        ensure_tools(shell, offline.programs(shell) if offline_way else None)
    output = kind.remove(settings, shell)
    settings.kubeconfig.unlink(missing_ok=True)
    return output
