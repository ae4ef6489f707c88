"""Runs Meltano: reads its output, handles signals and timeouts, and cleans up."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from time import monotonic, sleep
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import Category
from meltano_runner.run import processes
from meltano_runner.run.output import LineReader
from meltano_runner.run.stall import StallWatch
from meltano_runner.run.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from meltano_runner.run.output import Log
    from meltano_runner.run.tracker import Tracker

_TICK_SECONDS = 1.0
_STOP_TICK_SECONDS = 0.1
_REJECTED_TICK_SECONDS = 0.01
_LINGER_SECONDS = 2.0
"""Seconds for which plugins may outlive Meltano before they are killed."""


class Supervisor:
    """One Meltano process and everything it starts."""

    def __init__(
        self,
        tracker: Tracker,
        *,
        grace: float,
        timeout: int | None,
        stall_timeout: int | None = None,
    ) -> None:
        """Prepare.

        Args:
            tracker: Knows what the run is doing.
            grace: Seconds between SIGTERM and the launcher's SIGKILL.
            timeout: Seconds after which the run is stopped; None for no limit.
            stall_timeout: Seconds without activity after which it is stopped; None for no limit.
        """
        self.stop: Stop | None = None
        self._tracker = tracker
        self._grace = grace
        self._timeout = timeout
        self._stall_timeout = stall_timeout
        self._signals: list[int] = []
        self._exit_code: int | None = None
        self._killed_tap = False

    def run(
        self,
        command: list[str],
        environment: Mapping[str, str],
        directory: Path,
        create_log: Callable[[], Log],
    ) -> int:
        """Run `command` to its end and return its exit code (-N when signal N killed it).

        Args:
            command: In exec form.
            environment: All of the process's environment.
            directory: Working directory.
            create_log: Creates the log; called while Meltano starts, which takes seconds.

        Raises:
            OSError: The command cannot be started.
        """
        processes.adopt_orphans()
        # Keeps signals that arrive while Meltano is being started.
        with _catch_signals(self._signals) as wakeup:
            process = subprocess.Popen(  # exec form, no shell
                command,
                env=environment,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=processes.die_with_parent,  # noqa: PLW1509 - there are no threads
            )
            if process.stdout is None:  # pragma: no cover - requested above
                raise RuntimeError("no pipe to Meltano")
            with process.stdout as pipe:
                self._follow(process.pid, LineReader(pipe.fileno()), wakeup, create_log())
            process.returncode = self._exit_code  # reaped here, together with orphans
        return self._exit_code if self._exit_code is not None else 1

    def _follow(self, meltano: int, lines: LineReader, wakeup: int, log: Log) -> None:
        deadline = None if self._timeout is None else monotonic() + self._timeout
        stall = StallWatch(meltano, self._stall_timeout)
        ended_at: float | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(lines, selectors.EVENT_READ)
            selector.register(wakeup, selectors.EVENT_READ)
            while not (lines.is_at_end() and self._has_ended()):
                for key, _ in selector.select(self._get_tick(ending=ended_at is not None)):
                    if key.fd == wakeup:
                        _drain(wakeup)
                    elif not lines.is_at_end():
                        for line in lines.read():
                            stall.note_line()
                            log.handle_line(line)
                        if lines.is_at_end():
                            selector.unregister(lines)
                self._reap(meltano)
                self._kill_rejected_tap(meltano)
                self._check_stop(meltano, deadline, stall, log)
                log.write_progress()
                if self._has_ended():
                    ended_at = ended_at or monotonic()
                    if monotonic() - ended_at >= _LINGER_SECONDS:
                        # A process still has the pipe open: nothing may outlive the run.
                        processes.kill_all(meltano)
        self._clear_up(meltano, log)
        log.write_rest()

    def _get_tick(self, *, ending: bool) -> float:
        if self._tracker.rejection is not None and not self._killed_tap:
            return _REJECTED_TICK_SECONDS
        return _STOP_TICK_SECONDS if ending or self.stop is not None else _TICK_SECONDS

    def _kill_rejected_tap(self, meltano: int) -> None:
        """Kill a tap that must not extract anything, as soon as it has started.

        As long as the tap prints nothing, the target loads nothing and Meltano saves no state.
        """
        if self._tracker.rejection is None or self._killed_tap:
            return
        taps = processes.find_plugins(meltano)["tap"]
        processes.send_signal(taps, signal.SIGKILL)
        self._killed_tap = bool(taps) or self._has_ended()

    def _has_ended(self) -> bool:
        return self._exit_code is not None

    def _check_stop(
        self, meltano: int, deadline: float | None, stall: StallWatch, log: Log
    ) -> None:
        if self._has_ended():
            return
        if self.stop is None:
            if self._signals:
                name = signal.Signals(self._signals[0]).name
                self.stop = Stop(name, meltano, self._grace)
            elif deadline is not None and monotonic() >= deadline:
                reason = f"timeout of {self._timeout} s"
                self.stop = Stop(reason, meltano, self._grace, Category.TIMED_OUT)
            elif stall.check():
                plugin = self._tracker.find_plugin_by_process_role(stall.silent)
                reason = f"stall_timeout of {self._stall_timeout} s: no activity of "
                reason += plugin or "Meltano"
                self.stop = Stop(reason, meltano, self._grace, Category.STALLED, plugin)
            else:
                return
            log.write_line(f"stopping ({self.stop.reason}): the target drains, the state is saved")
        self.stop.advance(busy=self._tracker.busy)

    def _reap(self, meltano: int) -> bool:
        """Reap every child that has ended: Meltano, and orphans that the runner adopted.

        Returns:
            Whether a child is left.
        """
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == meltano:
                    self._exit_code = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            return False

    def _clear_up(self, meltano: int, log: Log) -> None:
        if self._reap(meltano) and processes.has_descendants():
            log.write_line("killing processes that outlived Meltano", "WARNING")
            processes.kill_all(meltano)
            until = monotonic() + _LINGER_SECONDS
            while processes.has_descendants() and monotonic() < until:
                sleep(0.02)
                self._reap(meltano)
        self._reap(meltano)


@contextlib.contextmanager
def _catch_signals(signals: list[int]) -> Iterator[int]:
    """Collect SIGTERM and SIGINT in `signals`; yield a descriptor that wakes a selector."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    previous_wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    handlers = {
        signal.SIGTERM: lambda number, _: signals.append(number),
        signal.SIGINT: lambda number, _: signals.append(number),
        signal.SIGCHLD: lambda *_: None,
    }
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield reader
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_wakeup)
        os.close(reader)
        os.close(writer)


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, 512):
            pass
