"""The offline way: programs from Go modules, root file systems from packages, images of both.

Each part is kept under a digest of what it is made of (tools/cluster/cache.py); images are tagged
with theirs, so that one that is there is known to be the right one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tools.cluster.cache import cached, digest
from tools.cluster.errors import ClusterError
from tools.cluster.places import NODE, POSTGRES, PROGRAMS
from tools.cluster.settings import (
    KIND,
    OFFLINE_NODE_IMAGE,
    OFFLINE_POSTGRES_IMAGE,
    OFFLINE_REGISTRY_IMAGE,
)
from tools.cluster.shell import Shell
from tools.cluster.toolbox import go_cache
from tools.images.bases import Bases, bake_files

if TYPE_CHECKING:
    from pathlib import Path

_ROOTFS_FILES = (NODE / "rootfs.sh", NODE / "packages.txt")


def programs(shell: Shell) -> Path:
    """Return the folder of the programs, built now unless they are kept."""

    def build(folder: Path) -> None:
        if not shutil.which("go"):
            raise ClusterError(
                "The offline way builds Kubernetes and needs Go",
                "Install Go 1.26, or set CLUSTER_IMAGES=registry where a registry can be reached",
            )
        shell.run("bash", PROGRAMS / "build.sh", folder, environment=go_cache())

    return cached("programs", digest(PROGRAMS, platform.machine()), build)


def rootfs(shell: Shell) -> Path:
    """Return the folder of the node's root file system, made now unless it is kept."""

    def build(folder: Path) -> None:
        if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
            raise ClusterError(
                "The offline way makes a root file system and needs root on Debian",
                "Run it as root on Debian, or set CLUSTER_IMAGES=registry",
            )
        shell.run("bash", NODE / "rootfs.sh", folder)

    return cached("rootfs", digest(*_ROOTFS_FILES, platform.machine()), build)


def ingredients(shell: Shell) -> Path:
    """Have programs and root file system, made side by side; return the programs' folder."""
    other = Shell(shell.log.with_suffix(".rootfs.log"))
    with ThreadPoolExecutor() as pool:
        made = pool.submit(rootfs, other)
        built = programs(shell)
        made.result()
    return built


def node_image(shell: Shell) -> str:
    """Return the name of the node image, built now unless the engine has it."""
    key = digest(NODE, PROGRAMS, KIND)
    name = f"{OFFLINE_NODE_IMAGE}:{key}"
    if _has(shell, name) and _has(shell, OFFLINE_REGISTRY_IMAGE):
        return name
    built, root = programs(shell), rootfs(shell)
    module = json.loads(
        shell.run("go", "mod", "download", "-json", f"sigs.k8s.io/kind@v{KIND}", cwd=PROGRAMS)
    )
    shell.run("bash", NODE / "build.sh", name, root, built, module["Dir"])
    for old in shell.run(
        "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", OFFLINE_NODE_IMAGE
    ).split():  # fmt: skip
        if old != name:
            shell.ask("docker", "image", "rm", old)  # stays while a node runs on it
    return name


def postgres_image(shell: Shell) -> str:
    """Return the name of the stand-in for PostgreSQL's image."""
    _, named = bake_files(Bases.OFFLINE, shell)
    shell.run(
        "docker", "buildx", "build", "--progress=plain", "--load", "--provenance=false",
        "--build-context", f"debian=docker-image://{named['DEBIAN_IMAGE']}",
        "--tag", OFFLINE_POSTGRES_IMAGE, POSTGRES,
    )  # fmt: skip
    return OFFLINE_POSTGRES_IMAGE


def _has(shell: Shell, image: str) -> bool:
    return shell.ask("docker", "image", "inspect", "--format", "{{.Id}}", image) is not None
