"""The processes of a run: which is the tap, which the target, and how all of them are ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psutil

# Meltano calls a tap with `--config .../tap.<uuid>.config.json`, a target and a mapper likewise:
# the one mark that holds whatever the plugin's executable is.
_ROLE = re.compile(r"(?:^|/)(tap|target|mapper)\.[0-9a-f-]{36}\.config\.json$")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants (Linux), so that they can be found and reaped."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """In a child, before it becomes Meltano: be killed when the runner is (Linux).

    A runner killed outright cannot stop anything; a Meltano that ran on would write on while the
    next try has begun.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def plugins(meltano: int) -> dict[str, list[psutil.Process]]:
    """Return Meltano's children by role: `tap`, `target`, `mapper` and `other`."""
    import psutil  # noqa: PLC0415

    found: dict[str, list[psutil.Process]] = {"tap": [], "target": [], "mapper": [], "other": []}
    with contextlib.suppress(psutil.Error):
        own = psutil.Process(meltano).cmdline()
        for child in _children(meltano, recursive=False):
            line = _cmdline(child)
            # A child that is just being started is a copy of Meltano yet, whatever it will be.
            if line not in ([], own):
                found[_role(line)].append(child)
    return found


def ending_signal(process: psutil.Process) -> signal.Signals:
    """Return the signal on which a plugin ends in order: dbt cancels its queries on SIGINT only."""
    if any(Path(argument).name == "dbt" for argument in _cmdline(process)[:2]):
        return signal.SIGINT
    return signal.SIGTERM


def send(processes: Iterable[psutil.Process], signum: int) -> None:
    """Signal each process and all its descendants; one that has ended is passed over."""
    for process in processes:
        # A tap may be a shell script or a launcher around the tap itself.
        for each in (*_children(process.pid, recursive=True), process):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each.pid, signum)


def kill_all(group: int) -> None:
    """Kill every descendant, and Meltano's process group where descendants cannot be listed."""
    for process in _children(os.getpid(), recursive=True):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def any_left() -> bool:
    """Whether any descendant is still there."""
    return bool(_children(os.getpid(), recursive=True))


def _children(pid: int, *, recursive: bool) -> list[psutil.Process]:
    import psutil  # noqa: PLC0415 - 20 ms, which a run pays only if it has to end processes

    try:
        children = psutil.Process(pid).children(recursive=recursive)
    except psutil.Error:
        return []
    alive = []
    for child in children:
        with contextlib.suppress(psutil.Error):
            if child.status() != psutil.STATUS_ZOMBIE:
                alive.append(child)
    return alive


def _cmdline(process: psutil.Process) -> list[str]:
    import psutil  # noqa: PLC0415

    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def _role(cmdline: Iterable[str]) -> str:
    for argument in cmdline:
        if match := _ROLE.search(argument):
            return match[1]
    return "other"


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415

    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
