"""Runs between the Airflow task and the runner, so that no process outlives its task unattended.

Airflow kills a task that was marked failed 5 seconds after SIGTERM, which is too soon for a run to
load what it has read and save its state. This program continues, gives the run its grace period,
reads its output so that it cannot block, kills what is left, and removes the private folder.

It is a separate script, run by path, which uses only the standard library and starts in about 30
milliseconds.

Usage: guard.py GRACE_SECONDS FOLDER OUTPUT_DESCRIPTOR COMMAND...

Its standard input is a pipe whose other end only the task holds: if it closes, the task has ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_SET_CHILD_SUBREAPER = 36  # prctl(2)
_CANNOT_START = 127
_EXITED_BY_SIGNAL = 128
_POLL_SECONDS = 0.2
_KILL_SECONDS = 5.0


class Guard:
    """One command and everything it starts.

    Args:
        grace: Seconds from SIGTERM to SIGKILL.
        folder: Removed at the end, if the task can no longer do it.
        output: Read end of the command's output, which the task reads while it lives.
    """

    def __init__(self, grace: float, folder: str, output: int) -> None:
        self._grace = grace
        self._folder = folder
        self._output = output
        self._stopping = False
        self._deadline: float | None = None
        self._orphaned = False
        self._code: int | None = None

    def run(self, command: list[str]) -> int:
        """Run `command` to its end and return its exit code, 128+N after signal N."""
        _adopt_orphans()
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        except OSError as error:
            sys.stdout.write(f"ERROR meltano-runner: {command[0]}: {error.strerror}\n")
            return _CANNOT_START
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(reader, selectors.EVENT_READ)
            while self._code is None:
                self._wait(selector, reader)
                self._reap(child.pid)
                self._act(child.pid)
            self._kill_descendants(child.pid)
        if self._orphaned:
            shutil.rmtree(self._folder, ignore_errors=True)
        child.returncode = self._code  # reaped here, together with orphans
        return self._code if self._code >= 0 else _EXITED_BY_SIGNAL - self._code

    def _on_stop(self, *_: object) -> None:
        self._stopping = True

    def _wait(self, selector: selectors.BaseSelector, reader: int) -> None:
        timeout = None if self._deadline is None else max(self._deadline - time.monotonic(), 0)
        if self._deadline is not None and timeout == 0:
            timeout = _POLL_SECONDS  # killed, not yet reaped
        for key, _ in selector.select(timeout):
            if key.fd == reader:
                with contextlib.suppress(BlockingIOError):
                    os.read(reader, 512)
            elif key.fd == self._output:
                if not os.read(self._output, 65536):
                    selector.unregister(self._output)
            elif not os.read(0, 512):
                selector.unregister(0)
                selector.register(self._output, selectors.EVENT_READ)
                self._orphaned = self._stopping = True

    def _act(self, child: int) -> None:
        if not self._stopping or self._code is not None:
            return
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace
            os.kill(child, signal.SIGTERM)
        elif time.monotonic() >= self._deadline:
            self._kill_descendants(child)

    def _reap(self, child: int) -> None:
        """Reap every child that has ended: the command, and orphans that came to us."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == child:
                    self._code = os.waitstatus_to_exitcode(status)

    def _kill_descendants(self, child: int) -> None:
        """Kill all that the command started, even in other sessions."""
        if self._code is None:
            os.kill(child, signal.SIGKILL)
        until = time.monotonic() + _KILL_SECONDS
        while (left := _descendants(os.getpid())) and time.monotonic() < until:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)  # orphans of the killed come to us next
            self._reap(child)


def _adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent ends (Linux; elsewhere nothing happens)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    found: list[int] = []
    for child in map(int, text.split()):
        found += [child, *_descendants(child)]
    return found


if __name__ == "__main__":
    guard = Guard(float(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    sys.exit(guard.run(sys.argv[4:]))
