"""A stub of the runner, and a log that remembers."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.message import RESULT_KEY, encode_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_runner.contract.result import RunResult

_STUB = """\
#!/bin/sh
# Writes what it was given, then does what the test asked for.
env > "$STUB_DIR/env"
echo "$@" > "$STUB_DIR/arguments"
pwd > "$STUB_DIR/directory"
echo $$ > "$STUB_DIR/pid"
echo "INFO tap-csv: hello"
result() {{
    printf '%s' "$1" > "$MELTANO_RUNNER_RESULT_FILE"
    echo '{key}'"$1}}"
}}
{body}
"""


def write_stub(directory: Path, body: str) -> Path:
    """Write a runner that reports its surroundings and then runs `body`."""
    path = directory / "meltano-runner"
    path.write_text(_STUB.format(key=f'{{"{RESULT_KEY}":', body=body))
    path.chmod(0o755)
    return path


def reporting(result: RunResult) -> str:
    """Return a stub's body that reports `result` and ends as it says."""
    return f"result '{encode_result(result)}'\nexit {result.exit_code}\n"


def wait_until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until `condition` holds, and fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie has ended)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Recorder(logging.Handler):
    """Remembers what was logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))
