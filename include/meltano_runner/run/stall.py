"""Detects a run in which nothing happens any more.

A plugin that waits for an answer that never comes neither fails nor ends: a firewall has dropped
its connection, a lock is held, a thread is dead. Activity is a line of output, what a plugin writes
(records, state, files), and CPU time. Meltano itself does not count while plugins run: it records a
heartbeat every second.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.run import processes

if TYPE_CHECKING:
    import psutil

_CHECK_SECONDS = 30.0
_CPU_SHARE = 0.01
"""Share of a processor below which a process counts as idle: many poll while they wait."""
_ROLES = ("tap", "mapper", "target", "other")


@dataclass(slots=True)
class _Usage:
    """What the processes of one role have used, and when they were last active."""

    cpu: float
    written: int
    at: float
    active_at: float


class StallWatch:
    """Watches the processes of a run. Call `check` often.

    Args:
        meltano: Process id of Meltano.
        timeout: Seconds without activity after which a run is stalled; None: it never is.
    """

    def __init__(self, meltano: int, timeout: float | None) -> None:
        self._meltano = meltano
        self._timeout = timeout
        self._interval = min(_CHECK_SECONDS, (timeout or 0) / 10)
        now = monotonic()
        self._next_check = now + self._interval
        self._active_at = now
        self._usage: dict[str, _Usage] = {}
        self.silent: str | None = None
        """The role that fell silent first: `tap`, `mapper`, `target`, `other`; None: Meltano."""

    def note_line(self) -> None:
        """Note that a line was written."""
        self._active_at = monotonic()

    def check(self) -> bool:
        """Whether nothing has happened for the whole timeout."""
        now = monotonic()
        if self._timeout is None or now < self._next_check:
            return False
        self._next_check = now + self._interval
        self._sample(now)
        self._active_at = max([self._active_at, *(each.active_at for each in self._usage.values())])
        if now - self._active_at < self._timeout:
            return False
        self.silent = self._find_silent()
        return True

    def _sample(self, now: float) -> None:
        import psutil  # noqa: PLC0415 - as in processes

        found = processes.find_plugins(self._meltano)
        if not any(found.values()):
            with contextlib.suppress(psutil.Error):
                found = {"meltano": [psutil.Process(self._meltano)]}
        before, self._usage = self._usage, {}
        if before.keys() != {role for role, members in found.items() if members}:
            self._active_at = now  # one has started or ended
        for role, members in found.items():
            if not members:
                continue
            cpu, written = _measure(members)
            last = before.get(role)
            if last is None:
                self._usage[role] = _Usage(cpu, written, now, now)
                continue
            busy = cpu - last.cpu >= _CPU_SHARE * (now - last.at)
            # Meltano writes its heartbeat, whatever else it does.
            wrote = written != last.written and role != "meltano"
            self._usage[role] = _Usage(cpu, written, now, now if busy or wrote else last.active_at)

    def _find_silent(self) -> str | None:
        """Return whose silence silenced the others.

        A tap whose target reads no more fills the pipes between them, and then waits to write.
        """
        roles = [role for role in _ROLES if role in self._usage]
        if not roles:
            return None
        first = min(roles, key=lambda role: self._usage[role].active_at)
        taps = processes.find_plugins(self._meltano)["tap"]
        if first == "tap" and "target" in roles and any(map(_waits_to_write, taps)):
            return "target"
        return first


def _measure(members: list[psutil.Process]) -> tuple[float, int]:
    """Return the CPU seconds and the bytes written of processes and their descendants."""
    import psutil  # noqa: PLC0415

    cpu, written = 0.0, 0
    for member in members:
        with contextlib.suppress(psutil.Error):
            for each in (member, *member.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = each.cpu_times()
                    cpu += times.user + times.system
                    if hasattr(each, "io_counters"):  # not on macOS
                        written += each.io_counters().write_chars
    return cpu, written


def _waits_to_write(process: psutil.Process) -> bool:
    """Whether a process waits for room in a pipe (Linux; where the kernel does not say, False)."""
    import psutil  # noqa: PLC0415

    with contextlib.suppress(psutil.Error, OSError):
        for each in (process, *process.children(recursive=True)):
            if "pipe_w" in Path(f"/proc/{each.pid}/wchan").read_text():
                return True
    return False
