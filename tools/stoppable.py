"""The process behind `make run`, which the first Ctrl+C stops in order and the second by force.

Its other half, in that process, is `stop_listener`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn

import psutil

from tools.stop_listener import STOP_SIGNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType
    from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXITED_BY_SIGNAL = 128
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
# `make` passes on the SIGTERM that its process group has had, and `timeout` sends SIGINT twice.
_SAME_SIGNAL_SECONDS = 1.0


RESUMES = "the next run resumes from the last saved state, if there is one"


class InterruptedRunError(Exception):
    """The user stopped the run.

    Attributes:
        status: The exit status that shells expect after the signal.
    """

    def __init__(self, number: int, text: str) -> None:
        """Describe what the signal has led to."""
        super().__init__(text)
        self.status = _EXITED_BY_SIGNAL + number


@contextlib.contextmanager
def handle_signals(handler: Any) -> Iterator[None]:  # noqa: ANN401 - what `signal.signal` takes
    """Install a handler for all ways to stop a command, even if a shell ignores SIGINT."""
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, each in before.items():
            signal.signal(number, each)


def raise_interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    """Handle a signal that comes while there is no run to stop."""
    raise InterruptedRunError(number, "stopped before the run began; nothing was changed")


def signal_when_parent_ends(number: int) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux; else nothing)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, number, 0, 0, 0)


class Stoppable:
    """A process in a session of its own, which signals reach only in order.

    It is also stopped when this process is killed.

    Args:
        command: In exec form.
        directory: Its working directory.
        environment: All of its environment.
    """

    def __init__(
        self, command: Sequence[str], *, directory: Path, environment: Mapping[str, str]
    ) -> None:
        self._command = command
        self._directory = directory
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self._since = 0.0
        self._asked = False
        self._killed = False
        self._exit_stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Start it."""
        self._exit_stack.enter_context(handle_signals(self._handle))
        try:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=partial(_stop_with, os.getpid()),  # noqa: PLW1509 - no thread runs here
            )
        except BaseException:
            self._exit_stack.close()
            raise
        if self._number:  # while it was being started
            self._process.send_signal(STOP_SIGNAL)
        return self

    def lines(self) -> Iterable[str]:
        """Return its output line by line, until it ends."""
        # No generator: one that is not read to its end would close the pipe.
        return (self._process and self._process.stdout) or ()

    def wait(self) -> int:
        """Return its exit code."""
        return self._process.wait() if self._process else 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait for its end; on an exception ask it to stop first.

        Raises:
            InterruptedRunError: A signal has stopped it.
        """
        with self._exit_stack:
            if kind is not None:
                self._stop()
            for _line in self.lines():
                pass  # it must not block on a full pipe
            code = self.wait()
            if self._process is not None and self._process.stdout is not None:
                self._process.stdout.close()
        if self._number:
            raise InterruptedRunError(self._number, self._describe_end(code)) from error

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Ask the process to stop, and kill it when Ctrl+C is pressed again."""
        if not self._number:
            self._number, self._since = number, monotonic()
            report(
                f"{signal.Signals(number).name}: stopping the run, which saves its state "
                "(Ctrl+C again kills it)"
            )
            self._stop()
        elif number == signal.SIGINT and monotonic() - self._since > _SAME_SIGNAL_SECONDS:
            self._kill()

    def _stop(self) -> None:
        if self._process is not None and not self._asked:
            self._asked = True
            self._process.send_signal(STOP_SIGNAL)

    def _kill(self) -> None:
        """Kill it and all that it started.

        Its own children are asked to end: a run's guard removes private files once the run is gone.
        """
        if self._process is None or self._killed:
            return
        self._killed = True
        with contextlib.suppress(psutil.NoSuchProcess):
            airflow = psutil.Process(self._process.pid)
            children = airflow.children()
            for each in (*airflow.children(recursive=True), airflow):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.terminate() if each in children else each.kill()

    def _describe_end(self, code: int) -> str:
        if self._killed:
            return (
                "killed: its state since the last bookmark is lost, and for up to 5 minutes the "
                "next run may fail with `already_running`"
            )
        if code == -STOP_SIGNAL:
            return "stopped before its first task began"
        return f"stopped; {RESUMES}"


def _stop_with(parent: int) -> None:
    """Bind a started process to its parent, before it becomes another program."""
    signal_when_parent_ends(STOP_SIGNAL)
    if os.getppid() != parent:  # which ended meanwhile
        os._exit(_EXITED_BY_SIGNAL)


def report(text: str) -> None:
    """Write a line to stderr, also from a signal handler and where nobody reads it."""
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), f"make run: {text}\n".encode())
