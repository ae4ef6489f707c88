"""Ends a run early without losing state.

On SIGTERM, Meltano drops the state of a target that is still draining (measured: 9 of 9 times). So
only the tap is signalled: the target then reaches the end of its input, writes its buffers and
prints its state, and Meltano saves it. Meltano itself is signalled only while it runs no plugin,
and everything is killed at the end of the grace period.
"""

from __future__ import annotations

import contextlib
import os
import signal
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import Category
from meltano_runner.run import processes

if TYPE_CHECKING:
    import psutil

_SETTLE_SECONDS = 10.0
"""Seconds for which Meltano may be busy without a plugin before it is signalled: it may be saving
state, or migrating its system database, which a signal would interrupt."""


class Stop:
    """A stop in progress. Call `advance` often until Meltano has ended."""

    def __init__(
        self,
        reason: str,
        meltano: int,
        grace: float,
        category: Category = Category.STOPPED,
        plugin: str | None = None,
    ) -> None:
        """Start the stop.

        Args:
            reason: For the log: `SIGTERM`, `timeout of 60 s`.
            meltano: Process id of Meltano.
            grace: Seconds until the launcher kills this container or process.
            category: Category of the stopped run.
            plugin: The plugin that caused the stop; None for none.
        """
        self.reason = reason
        self.category = category
        self.plugin = plugin
        self.interrupted = False
        """Whether anything was interrupted; a run that was just ending may end normally."""
        self.killed = False
        self._meltano = meltano
        now = monotonic()
        # Leave time to kill, to reap and to write the result, and if a tap ignores SIGTERM, time
        # for the target to drain.
        self._deadline = now + max(grace - max(grace * 0.05, 2.0), grace * 0.5)
        self._tap_deadline = now + grace * 0.5
        self._settle = min(_SETTLE_SECONDS, grace * 0.25)
        self._signalled: dict[int, int] = {}
        self._idle_since: float | None = None

    def advance(self, *, busy: bool) -> None:
        """Send the signals that are due.

        Args:
            busy: Whether Meltano, even when it runs no plugin, may be doing something that must
                not be interrupted.
        """
        now = monotonic()
        if now >= self._deadline:
            self.killed = self.interrupted = True
            processes.kill_all(self._meltano)
            return
        found = processes.find_plugins(self._meltano)
        if any(found.values()):
            self._idle_since = None
            ending = found["tap"] or (found["other"] if not found["target"] else [])
            for process in ending:
                self._signal(process, kill=now >= self._tap_deadline)
            return
        self._idle_since = self._idle_since or now
        # After a plugin was stopped, Meltano marks its run as failed and ends by itself.
        busy = busy or bool(self._signalled)
        if not busy or now - self._idle_since >= self._settle:
            self._end_meltano()

    def _signal(self, process: psutil.Process, *, kill: bool) -> None:
        signum = signal.SIGKILL if kill else processes.choose_stop_signal(process)
        if self._signalled.get(process.pid) != signum:
            self._signalled[process.pid] = signum
            self.interrupted = True
            processes.send_signal([process], signum)

    def _end_meltano(self) -> None:
        """Signal Meltano once, unless it is starting a plugin at this moment."""
        if self._meltano in self._signalled:
            return
        with contextlib.suppress(ProcessLookupError):
            # A paused Meltano cannot start a plugin between the check and the signal.
            os.kill(self._meltano, signal.SIGSTOP)
            try:
                if not any(processes.find_plugins(self._meltano).values()):
                    self._signalled[self._meltano] = signal.SIGTERM
                    self.interrupted = True
                    os.kill(self._meltano, signal.SIGTERM)
            finally:
                os.kill(self._meltano, signal.SIGCONT)
