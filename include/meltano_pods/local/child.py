"""Starts a run under its guard, yields its output, and ends it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_GUARD = Path(__file__).with_name("guard.py")
_MAX_LINE = 32 * 1024
_CHECK_SECONDS = 1.0


class Child:
    """A running command. Always `close` it.

    Args:
        command: In exec form.
        directory: Its working directory.
        environment: Its complete environment.
        grace: Seconds between SIGTERM and SIGKILL.
        private: Folder to remove if this process is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        grace: float,
        private: Path,
    ) -> None:
        self._output, writer = os.pipe()
        guard = [sys.executable, "-I", "-S", str(_GUARD), f"{grace:g}", str(private)]
        try:
            # A separate session: a signal to Airflow's process group must reach the run only by way
            # of the guard, or Meltano would drop the state (see the runner's run/stop.py).
            self._process = subprocess.Popen(
                [*guard, str(self._output), *command],
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=writer,
                stderr=subprocess.STDOUT,
                pass_fds=(self._output,),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._output)
            raise
        finally:
            os.close(writer)

    def stop(self) -> None:
        """Send SIGTERM to the run, which loads what it has read, saves the state and ends."""
        self._process.send_signal(signal.SIGTERM)

    def lines(self) -> Iterator[str]:
        """Yield the run's output line by line as it comes, until it ends."""
        rest = b""
        while chunk := self._read():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").rstrip("\r")
            if len(rest) > _MAX_LINE:
                yield rest.decode(errors="replace")
                rest = b""
        if rest:
            yield rest.decode(errors="replace")

    def _read(self) -> bytes:
        """Return the next output; nothing once all writers, or the guard, have ended."""
        while not select.select([self._output], [], [], _CHECK_SECONDS)[0]:
            # Without the guard (only the kernel could have killed it) the pipe may stay open.
            if self._process.poll() is not None and not self._ready():
                return b""
        return os.read(self._output, 65536)

    def _ready(self) -> bool:
        return bool(select.select([self._output], [], [], 0)[0])

    def wait(self) -> int:
        """Return the exit code of the ended run, negative for a signal."""
        code = self._process.wait()
        return code if code <= 128 else 128 - code  # noqa: PLR2004 - as shells number signals

    def close(self) -> None:
        """Kill what is left, and release the run's resources."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.returncode < 0:
            # The guard was killed and could not clean up. The run is in its process group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(self._output)
