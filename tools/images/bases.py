"""The bases of both images: as the Dockerfiles name them, or stand-ins made of Debian packages.

Stand-ins take the real bases' place by `docker buildx bake`: no Dockerfile differs. Debian's root
file system is kept in the cache, outside the clone; what is built on it, in the engine's own.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from tools.cluster.cache import cached, digest
from tools.cluster.errors import ClusterError
from tools.cluster.places import OFFLINE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tools.cluster.shell import Shell

_BASES = OFFLINE / "bases"
_ROOTFS = _BASES / "rootfs.sh"
_NAMED = re.compile(r"^(?:FROM|ARG PYTHON_IMAGE=)\s*([^\s$]+[:/]\S+)", re.MULTILINE)


class Bases(StrEnum):
    """Where the bases come from."""

    AUTO = "auto"
    """From a registry if it can be reached, else stand-ins."""
    REGISTRY = "registry"
    OFFLINE = "offline"


def choose(bases: Bases, shell: Shell) -> Bases:
    """Return REGISTRY or OFFLINE."""
    if bases is not Bases.AUTO:
        return bases
    reachable = all(
        shell.ask("docker", "image", "inspect", name)
        or shell.ask("docker", "manifest", "inspect", name)
        for name in real_bases()
    )
    return Bases.REGISTRY if reachable else Bases.OFFLINE


def real_bases() -> list[str]:
    """Return the images that the Dockerfiles are built from, as they name them."""
    files = (ROOT / "Dockerfile", ROOT / "Dockerfile.meltano")
    return sorted({name for file in files for name in _NAMED.findall(file.read_text())})


def bake_files(bases: Bases, shell: Shell) -> tuple[list[Path], dict[str, str]]:
    """Return bake's files and variables for these bases, and have ready what they refer to.

    Args:
        bases: REGISTRY or OFFLINE.
        shell: Runs what it takes.

    Raises:
        ClusterError: The root file system could not be made.
    """
    files = [ROOT / "docker-bake.hcl"]
    if bases is Bases.REGISTRY:
        return files, {}
    return [*files, _BASES / "bake.hcl"], {"DEBIAN_IMAGE": _debian(shell)}


def _debian(shell: Shell) -> str:
    """Return the name of Debian's root file system as an image, made and imported if need be."""
    key = digest(_ROOTFS)
    name = f"meltano-pods/debian:{key}"
    if shell.ask("docker", "image", "inspect", name) is None:

        def build(folder: Path) -> None:
            shell.run(
                "bash", _ROOTFS, folder,
                fix="The offline way makes root file systems and needs root on Debian; with a "
                "registry in reach, use BASES=registry",
            )  # fmt: skip

        shell.run("docker", "import", cached("debian", key, build) / "rootfs.tar", name)
    return name


def check_unlabelled(image: str, shell: Shell) -> None:
    """Reject an image that is built on a stand-in.

    Raises:
        ClusterError: It does.
    """
    label = '{{index .Config.Labels "org.meltano-pods.stand-in"}}'
    if output := shell.run("docker", "image", "inspect", "--format", label, image).strip():
        raise ClusterError(
            f"{image} is built on a stand-in ({output}): it is suitable for tests only",
            "Build where the real base images can be fetched (BASES=registry), or, for a registry "
            "of your own to try things out, set ALLOW_STAND_INS=1",
        )
