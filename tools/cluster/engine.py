"""The Docker engine: found as it is, or installed and started where that is wanted.

It is ours to install with `INSTALL_DOCKER=1`, in CI, and as root on a Debian without an init
system, a throw-away machine; `INSTALL_DOCKER=0` forbids it there, too. An engine that we started is
recorded, and only such a one is ever stopped.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from tools.cluster.cache import cache_root, cached, digest
from tools.cluster.errors import ClusterError
from tools.cluster.places import ENGINE_SCRIPT

if TYPE_CHECKING:
    from tools.cluster.shell import Shell

# dockerd and its containerd leave these behind when they are killed. The number in them may belong
# to another process by now; they then do not start.
_PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}
_START_SECONDS = 60
_STOP_SECONDS = 30


def ensure_engine(shell: Shell) -> str:
    """Have an engine with buildx running; say which.

    Raises:
        ClusterError: There is none and none may be installed, or it does not start.
    """
    if version := _version(shell):
        _require_buildx(shell)
        return f"Docker {version}, found running"
    if refusal := _why_not_ours():
        raise ClusterError(
            f"No Docker engine responds ({refusal})",
            "Start Docker (Docker Desktop, or `sudo systemctl start docker`) and run this again; "
            "as root on Debian, INSTALL_DOCKER=1 installs and starts one",
        )
    path = "" if _installed(shell) else _install(shell)
    pid = _start(path)
    version = _wait(pid, shell)
    _require_buildx(shell)
    return f"Docker {version}, {'installed and ' if path else ''}started here as process {pid}"


def stop_engine() -> str:
    """Stop the engine if it is one that we started; say what happened."""
    record = _record()
    pid = _recorded(record, "dockerd")
    record.unlink(missing_ok=True)
    if pid is None:
        return "no engine that was started here runs"
    os.kill(pid, signal.SIGTERM)
    deadline = monotonic() + _STOP_SECONDS
    while _command(pid) == "dockerd":
        if monotonic() > deadline:
            raise ClusterError(
                f"dockerd, process {pid}, does not stop", f"See {_log()}; then kill {pid}"
            )
        sleep(0.2)
    return f"stopped process {pid}"


def _version(shell: Shell) -> str | None:
    return shell.ask("docker", "version", "--format", "{{.Server.Version}}")


def _require_buildx(shell: Shell) -> None:
    if shell.ask("docker", "buildx", "version") is None:
        raise ClusterError(
            "Docker is here without buildx, which builds the images",
            "Install the package docker-buildx (Debian) or docker-buildx-plugin (Docker's own)",
        )


def _why_not_ours() -> str | None:
    """Why we may not install an engine; None when we may."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "and it takes root on Linux to start one from here"
    if _os_release().get("ID") != "debian":
        return "and this is not Debian, the only system we install one on"
    wanted = os.environ.get("INSTALL_DOCKER") == "1" or os.environ.get("CI") == "true"
    throw_away = (
        not Path("/run/systemd/system").exists() and os.environ.get("INSTALL_DOCKER") != "0"
    )
    return None if wanted or throw_away else "and INSTALL_DOCKER=1 is not set"


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _installed(shell: Shell) -> bool:
    return shell.ask("dockerd", "--version") is not None


def _install(shell: Shell) -> str:
    """Install an engine; return what dockerd's PATH needs before the usual folders."""

    def build(folder: Path) -> None:
        shell.run(
            "bash", ENGINE_SCRIPT, folder, fix="Install a Docker engine manually and run this again"
        )

    key = digest(ENGINE_SCRIPT, _os_release().get("VERSION_CODENAME", ""), platform.machine())
    folder = cached("engine", key, build)
    # The system's own packages may be gone though the cache is not: a container's usual life.
    if any(shell.ask(tool, "--version") is None for tool in ("runc", "iptables")):
        (folder / ".done").unlink()
        folder = cached("engine", key, build)
    return (folder / "path").read_text().strip()


def _start(path: str) -> int:
    for file, command in _PID_FILES.items():
        if file.exists() and _recorded(file, command) is None:
            file.unlink()
    search = os.pathsep.join(filter(None, [path, os.environ["PATH"]]))
    with _log().open("a") as log:
        # A session of its own: it outlives this command and the terminal.
        process = subprocess.Popen(
            [shutil.which("dockerd", path=search) or "dockerd"],
            env=os.environ | {"PATH": search},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    _record().write_text(f"{process.pid}\n")
    return process.pid


def _wait(pid: int, shell: Shell) -> str:
    deadline = monotonic() + _START_SECONDS
    while not (version := _version(shell)):
        if _command(pid) != "dockerd" or monotonic() > deadline:
            last = "\n".join(_log().read_text(errors="replace").splitlines()[-20:])
            raise ClusterError("dockerd does not start", f"Fix the error in {_log()}", last)
        sleep(0.3)
    return version


def _recorded(file: Path, command: str) -> int | None:
    """The process a pid file names, if it still is that program."""
    try:
        pid = int(file.read_text())
    except (OSError, ValueError):
        return None
    return pid if _command(pid) == command else None


def _command(pid: int) -> str | None:
    """Name of a process's program; None when it is gone or only waits to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, _, rest = status.partition("(")[2].rpartition(")")
    return None if rest.split()[0] == "Z" else name


def _record() -> Path:
    return cache_root() / "engine" / "dockerd.pid"


def _log() -> Path:
    cache_root().joinpath("engine").mkdir(parents=True, exist_ok=True)
    return cache_root() / "engine" / "dockerd.log"
