"""The tools kind, helm and kubectl: found on PATH at a version that will do, or fetched.

They are linked into `.run/cluster/bin`, so that commands, tests and people find the same ones.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cluster.cache import cache_root, cached, digest
from tools.cluster.errors import ClusterError
from tools.cluster.places import BIN
from tools.cluster.settings import HELM, KIND, KUBECTL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tools.cluster.shell import Shell

_SECONDS = 120


@dataclass(frozen=True)
class Tool:
    """A program and where it comes from.

    Attributes:
        name: Its name.
        version: The version to fetch.
        ask: Arguments that make it say its version.
        fits: Which versions found on PATH will do, by major and minor number.
        release: Address of its release; `{os}` and `{arch}` are put in. A `.tar.gz` holds it.
        checksum: Suffix that makes the address of its published SHA-256.
        package: Go package to build it from where its release cannot be fetched.
    """

    name: str
    version: str
    ask: tuple[str, ...]
    fits: Callable[[int, int], bool]
    release: str
    checksum: str
    package: str


TOOLS = (
    Tool(
        "kind", KIND, ("version",), lambda major, minor: (major, minor) >= (0, 33),
        f"https://github.com/kubernetes-sigs/kind/releases/download/v{KIND}/kind-{{os}}-{{arch}}",
        ".sha256sum", "sigs.k8s.io/kind",
    ),
    Tool(
        "helm", HELM, ("version", "--short"), lambda major, minor: (major, minor) >= (3, 18),
        f"https://get.helm.sh/helm-v{HELM}-{{os}}-{{arch}}.tar.gz", ".sha256sum",
        "helm.sh/helm/v3/cmd/helm",
    ),
    Tool(
        "kubectl", KUBECTL, ("version", "--client"),
        # Kubernetes supports one minor version of difference to the server.
        lambda major, minor: (1, 34) <= (major, minor) <= (1, 36),
        f"https://dl.k8s.io/release/v{KUBECTL}/bin/{{os}}/{{arch}}/kubectl", ".sha256", "",
    ),
)  # fmt: skip


def ensure_tools(shell: Shell, built: Path | None, names: Collection[str] = ()) -> str:
    """Link tools into `.run/cluster/bin`; return where each is from.

    Args:
        shell: Runs what it takes.
        built: Folder of programs built for the offline way, which may hold tools; None without it.
        names: Names of the tools; empty for all.

    Raises:
        ClusterError: A tool is neither here nor to be had.
    """
    BIN.mkdir(parents=True, exist_ok=True)
    sources = []
    for tool in (each for each in TOOLS if not names or each.name in names):
        found, source = _find(tool, shell, built)
        link = BIN / tool.name
        if not link.is_symlink() or link.readlink() != found:
            link.unlink(missing_ok=True)
            link.symlink_to(found)
        sources.append(f"{tool.name} {source}")
    return ", ".join(sources)


def _find(tool: Tool, shell: Shell, built: Path | None) -> tuple[Path, str]:
    if (path := _on_path(tool.name)) and (version := _acceptable(tool, path, shell)):
        return path, f"{version} (yours)"
    if built and (program := built / tool.name).exists():
        return program, f"{tool.version} (built)"
    key = digest(tool.name, tool.version, platform.machine())
    kept = (cache_root() / "tools" / key / ".done").exists()
    folder = cached("tools", key, lambda folder: _fetch(tool, folder, shell), keep=2 * len(TOOLS))
    return folder / tool.name, f"{tool.version} ({'kept' if kept else 'fetched'})"


def _on_path(name: str) -> Path | None:
    """Find a program of the user's, not our own link: `make up` says to put that on PATH."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    others = (each for each in folders if each and Path(each).resolve() != BIN.resolve())
    found = shutil.which(name, path=os.pathsep.join(others))
    return Path(found) if found else None


def _acceptable(tool: Tool, path: Path, shell: Shell) -> str | None:
    output = shell.ask(path, *tool.ask) or ""
    match = re.search(r"v(\d+)\.(\d+)\.\d+", output)
    return match[0] if match and tool.fits(int(match[1]), int(match[2])) else None


def _fetch(tool: Tool, folder: Path, shell: Shell) -> None:
    try:
        _download(tool, folder / tool.name)
    except (OSError, urllib.error.URLError) as error:
        if not tool.package or not shutil.which("go"):
            raise ClusterError(
                f"{tool.name} {tool.version} cannot be downloaded: {error}",
                f"Install {tool.name} {tool.version} manually, or install Go to build it",
            ) from error
        go_install(tool, folder, shell)


def go_install(tool: Tool, folder: Path, shell: Shell) -> None:
    """Build a tool from its Go module into `folder`."""
    shell.run(
        "go", "install", "-trimpath", "-ldflags", "-s -w", f"{tool.package}@v{tool.version}",
        environment={"GOBIN": str(folder), "CGO_ENABLED": "0", "GOGC": "400"} | go_cache(),
    )  # fmt: skip


def go_cache() -> dict[str, str]:
    """Go's build cache among ours, so that it is kept and removed together with them."""
    return {"GOCACHE": str(cache_root() / "go-build")}


def _download(tool: Tool, target: Path) -> None:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    address = tool.release.format(os=platform.system().lower(), arch=machine)
    content = _read(address)
    expected = _read(address + tool.checksum).split()[0].decode()
    if (actual := hashlib.sha256(content).hexdigest()) != expected:
        raise ClusterError(
            f"{address} has SHA-256 {actual}, not the published {expected}",
            "Try again; if the error persists, do not trust this network",
        )
    if address.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            member = next(m for m in archive if m.isfile() and Path(m.name).name == tool.name)
            file = archive.extractfile(member)
            content = file.read() if file else b""
    target.write_bytes(content)
    target.chmod(0o755)


def _read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - all are https
        return bytes(answer.read())
