"""Installs a project's plugins before `make run` uses them, unless they are installed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from tools.local_places import ROOT, build_plugins_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STOP_SECONDS = 10.0
_PYTHON = ROOT / ".venv-meltano" / "bin" / "python"


class PluginsError(Exception):
    """They cannot be installed; the error has been shown."""


def install_plugins(project: str, names: Sequence[str] = ()) -> None:
    """Install plugins of a project in Meltano's own environment.

    Args:
        project: Name of the project.
        names: Those that are needed; none for all of its plugins.

    Raises:
        PluginsError: They cannot be installed.
    """
    command: list[str | Path] = [
        _PYTHON,
        "-m",
        "tools.plugins",
        ROOT / "meltano" / project,
        build_plugins_path(project),
        *names,
    ]
    if _run(command):
        raise PluginsError(f"plugins of {project} are not installed; see above")


def _run(command: Sequence[str | Path]) -> int:
    """Run a command to its end; when interrupted, end it with all that it has started."""
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        return process.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
