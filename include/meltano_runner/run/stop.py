"""Ends a run early without losing state.

Meltano's own way of ending on SIGTERM drops the state of a target that is still draining (measured:
9 of 9 times). So only the tap is signalled: the target then reaches the end of its input, writes
what it holds and prints its state, and Meltano saves it. Meltano itself is signalled only while it
runs no plugin, and everything is killed when the time is up.
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
"""How long Meltano may be busy without a plugin before it is told to end: it may be saving state,
or migrating its system database, which a signal would leave half done."""


class Stop:
    """One stop under way. Call `step` often until Meltano has ended."""

    def __init__(
        self,
        reason: str,
        meltano: int,
        grace: float,
        category: Category = Category.STOPPED,
        plugin: str | None = None,
    ) -> None:
        """Begin.

        Args:
            reason: For the log: `SIGTERM`, `timeout of 60 s`.
            meltano: Process id of Meltano.
            grace: Seconds until the launcher kills this container or process.
            category: Of the run that is stopped.
            plugin: The plugin at fault; None for none.
        """
        self.reason = reason
        self.category = category
        self.plugin = plugin
        self.interrupted = False
        """Whether anything was cut short; a run that was just ending may end as it would have."""
        self.killed = False
        self._meltano = meltano
        now = monotonic()
        # Time to kill, reap and write the result must be left; a tap that does not heed SIGTERM
        # must leave the target time to drain.
        self._deadline = now + max(grace - max(grace * 0.05, 2.0), grace * 0.5)
        self._tap_deadline = now + grace * 0.5
        self._settle = min(_SETTLE_SECONDS, grace * 0.25)
        self._signalled: dict[int, int] = {}
        self._idle_since: float | None = None

    def step(self, *, busy: bool) -> None:
        """Do what is due.

        Args:
            busy: Whether Meltano, even when it runs no plugin, may be doing something that must
                not be cut short.
        """
        now = monotonic()
        if now >= self._deadline:
            self.killed = self.interrupted = True
            processes.kill_all(self._meltano)
            return
        found = processes.plugins(self._meltano)
        if any(found.values()):
            self._idle_since = None
            ending = found["tap"] or (found["other"] if not found["target"] else [])
            for process in ending:
                self._signal(process, kill=now >= self._tap_deadline)
            return
        self._idle_since = self._idle_since or now
        # Meltano ends by itself once a plugin was ended, and marks its run as failed first.
        busy = busy or bool(self._signalled)
        if not busy or now - self._idle_since >= self._settle:
            self._end_meltano()

    def _signal(self, process: psutil.Process, *, kill: bool) -> None:
        signum = signal.SIGKILL if kill else processes.ending_signal(process)
        if self._signalled.get(process.pid) != signum:
            self._signalled[process.pid] = signum
            self.interrupted = True
            processes.send([process], signum)

    def _end_meltano(self) -> None:
        """Tell Meltano to end, once, unless it starts a plugin this very moment."""
        if self._meltano in self._signalled:
            return
        with contextlib.suppress(ProcessLookupError):
            # Held, it cannot start a plugin between the look and the signal.
            os.kill(self._meltano, signal.SIGSTOP)
            try:
                if not any(processes.plugins(self._meltano).values()):
                    self._signalled[self._meltano] = signal.SIGTERM
                    self.interrupted = True
                    os.kill(self._meltano, signal.SIGTERM)
            finally:
                os.kill(self._meltano, signal.SIGCONT)
