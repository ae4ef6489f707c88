"""Identifies the processes of a run (tap, target, mapper), and ends them."""

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

# Meltano starts a tap with `--config .../tap.<uuid>.config.json`, and targets and mappers likewise.
# Only this identifies the role of every executable.
_ROLE = re.compile(r"(?:^|/)(tap|target|mapper)\.[0-9a-f-]{36}\.config\.json$")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants (Linux), so that they can be found and reaped."""
    _call_prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """In a child, before it becomes Meltano: be killed together with the runner (Linux).

    A killed runner cannot stop anything. Meltano would continue to write while the next try runs.
    """
    _call_prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def find_plugins(meltano: int) -> dict[str, list[psutil.Process]]:
    """Return Meltano's children by role: `tap`, `target`, `mapper` and `other`."""
    import psutil  # noqa: PLC0415

    found: dict[str, list[psutil.Process]] = {"tap": [], "target": [], "mapper": [], "other": []}
    with contextlib.suppress(psutil.Error):
        meltano_cmdline = psutil.Process(meltano).cmdline()
        for child in _list_children(meltano, recursive=False):
            line = _get_cmdline(child)
            # Between fork and exec, a child is still a copy of Meltano.
            if line not in ([], meltano_cmdline):
                found[_find_role(line)].append(child)
    return found


def choose_stop_signal(process: psutil.Process) -> signal.Signals:
    """Return the signal that stops a plugin cleanly: dbt cancels its queries only on SIGINT."""
    if any(Path(argument).name == "dbt" for argument in _get_cmdline(process)[:2]):
        return signal.SIGINT
    return signal.SIGTERM


def send_signal(processes: Iterable[psutil.Process], signum: int) -> None:
    """Signal each process and all its descendants; skip processes that have ended."""
    for process in processes:
        # A tap may be a shell script or a launcher around the tap itself.
        for each in (*_list_children(process.pid, recursive=True), process):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each.pid, signum)


def kill_all(group: int) -> None:
    """Kill every descendant, and Meltano's process group if descendants cannot be listed."""
    for process in _list_children(os.getpid(), recursive=True):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def has_descendants() -> bool:
    """Whether any descendant is still running."""
    return bool(_list_children(os.getpid(), recursive=True))


def _list_children(pid: int, *, recursive: bool) -> list[psutil.Process]:
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


def _get_cmdline(process: psutil.Process) -> list[str]:
    import psutil  # noqa: PLC0415

    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def _find_role(cmdline: Iterable[str]) -> str:
    for argument in cmdline:
        if match := _ROLE.search(argument):
            return match[1]
    return "other"


def _call_prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415

    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
