"""Runs the tap in this process, or as the command that Meltano starts."""

from __future__ import annotations

import array
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import termios
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tap_csv.tap import TapCsv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PIPE_BYTES = 4096

Message = dict[str, Any]


@dataclass(frozen=True)
class Output:
    """What a run wrote."""

    messages: list[Message]

    @classmethod
    def of(cls, data: bytes) -> Output:
        return cls([json.loads(line) for line in data.decode().splitlines()])

    @property
    def records(self) -> list[Message]:
        return [message["record"] for message in self.messages if message["type"] == "RECORD"]

    @property
    def state(self) -> Message:
        """The last state, which a loader passes on only if it is the last message."""
        assert self.messages[-1]["type"] == "STATE"
        value: Message = self.messages[-1]["value"]
        return value

    @property
    def schema(self) -> Message:
        found: Message = next(m for m in self.messages if m["type"] == "SCHEMA")
        return found


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes the test's folder the Meltano project, and keeps Ctrl-C for pytest."""
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of the project, as text or bytes."""

    def write(content: str | bytes, name: str = "orders.csv") -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def sync(
    state: Message | None = None, catalog: Message | None = None, /, **config: object
) -> Output:
    """Runs the tap in this process on orders.csv."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    tap = TapCsv(config={"path": "orders.csv"} | config, state=state, catalog=catalog)
    with redirect_stdout(stdout):
        try:
            tap.sync_all()
        finally:
            stdout.flush()
            sync.last = Output.of(stdout.buffer.getvalue())  # type: ignore[attr-defined]
    return Output.of(stdout.buffer.getvalue())


def start(folder: Path, *arguments: str, **config: object) -> subprocess.Popen[bytes]:
    """Starts the tap as a process of its own on orders.csv, as Meltano does in an image.

    The pipe is smaller than what the tap writes at once, so that it is often in a write.
    """
    file = folder / "config.json"
    file.write_text(json.dumps({"path": "orders.csv"} | config))
    command = [sys.executable, "-m", "tap_csv", "--config", str(file), *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "once", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=_PIPE_BYTES,
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Reads what is left of standard output and of the log, which a pipe holds, and waits.

    `communicate` would lose what `readline` has read ahead.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        return process.stdout.read(), process.stderr.read()


def wait_until_full(process: subprocess.Popen[bytes]) -> None:
    """Waits until the pipe takes no more, so that the tap is in the middle of a write."""
    assert process.stdout is not None
    deadline = time.monotonic() + 10
    held = array.array("i", [0])
    while held[0] < _PIPE_BYTES:
        assert time.monotonic() < deadline, "the tap writes nothing"
        fcntl.ioctl(process.stdout, termios.FIONREAD, held)
        time.sleep(0.001)
