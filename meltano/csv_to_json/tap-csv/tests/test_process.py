"""The command as its caller sees it: exit codes, last words, signals and a closed pipe."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Output, finish, start, wait_until_full

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

_ROWS = 15_000


@pytest.fixture
def many(write: Write) -> Path:
    # Each timestamp comes three times, so a stop is likely to fall between rows that tie.
    lines = (
        f"{n},Zoë {n},2026-01-01T{n // 10800:02}:{n // 180 % 60:02}:{n // 3 % 60:02}Z\n"
        for n in range(_ROWS)
    )
    return write("id,name,at\n" + "".join(lines))


def _last_line(process: subprocess.Popen[bytes], data: bytes) -> str:
    assert process.returncode is not None
    return data.decode().strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (1, signal.SIGTERM),
        (2, signal.SIGTERM),
        (300, signal.SIGINT),
        (12_000, signal.SIGTERM),
    ],
)
def test_a_stopped_run_is_resumed_without_a_gap_or_a_repeat(
    many: Path, lines: int, number: signal.Signals
) -> None:
    process = start(many.parent, replication_key="at")
    assert process.stdout is not None
    head = b"".join(process.stdout.readline() for _ in range(lines))
    wait_until_full(process)
    process.send_signal(number)
    rest, log = finish(process)
    assert process.returncode == 128 + number
    assert f"Stopped by {number.name} at a row boundary" in _last_line(process, log)

    first = Output.of(head + rest)
    assert lines - 1 <= len(first.records) < _ROWS
    metrics = [line.split("METRIC: ")[1] for line in log.decode().splitlines() if "_count" in line]
    assert sum(json.loads(metric)["value"] for metric in metrics) == len(first.records)

    (many.parent / "state.json").write_text(json.dumps(first.state))
    process = start(many.parent, "--state", str(many.parent / "state.json"), replication_key="at")
    data, _ = finish(process)
    second = Output.of(data)
    assert process.returncode == 0
    assert [r["id"] for r in first.records + second.records] == list(range(_ROWS))


@pytest.mark.parametrize("config", [{}, {"replication_key": "name"}])
def test_a_stop_without_a_place_to_resume_keeps_the_old_state(
    many: Path, config: dict[str, Any]
) -> None:
    process = start(many.parent, types={"name": "string"}, **config)
    assert process.stdout is not None
    head = b"".join(process.stdout.readline() for _ in range(300))
    process.terminate()
    rest, _ = finish(process)
    assert process.returncode == 128 + signal.SIGTERM
    assert Output.of(head + rest).state == {"bookmarks": {"orders": {}}}


def test_a_stop_during_discovery_writes_no_catalog(write: Write) -> None:
    # Inference takes over a second here, while the signal follows the first log line at once.
    rows = 40 * _ROWS
    many = write("id,name,at\n" + "1,Zoë,2026-01-01T00:00:00Z\n" * rows)
    process = start(many.parent, "--discover", infer_rows=rows)
    assert process.stderr is not None
    process.stderr.readline()
    process.terminate()
    data, _ = finish(process)
    # Before Python has set its handler, the system's own ends the process.
    assert process.returncode in {128 + signal.SIGTERM, -signal.SIGTERM}
    assert data == b""


def test_a_signal_after_the_last_row_changes_nothing(write: Write) -> None:
    folder = write("id\n1\n").parent
    process = start(folder)
    assert process.stdout is not None
    data = b"".join(process.stdout.readline() for _ in range(3))
    process.terminate()
    rest, _ = finish(process)
    assert Output.of(data + rest).state == {"bookmarks": {"orders": {}}}
    assert process.returncode in {0, -signal.SIGTERM}


def test_a_loader_that_died_is_told_of_in_one_line(many: Path) -> None:
    process = start(many.parent)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process:
        log = process.stderr.read()
    assert process.returncode == 1
    assert "Standard output was closed before the last row" in _last_line(process, log)
    assert b"Traceback" not in log


@pytest.mark.parametrize("arguments", [[], ["--discover"]])
@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"path": "nothing.csv"}, "No file is at"),
        ({"on_malformed": "never"}, "Setting on_malformed is 'never'"),
    ],
)
def test_the_last_line_says_what_is_wrong(
    tmp_path: Path, arguments: list[str], config: dict[str, Any], reason: str
) -> None:
    (tmp_path / "state.json").write_text("{}")
    process = start(tmp_path, *arguments, "--state", str(tmp_path / "state.json"), **config)
    data, log = finish(process)
    assert process.returncode == 1
    assert data == b""
    assert reason in _last_line(process, log)
    assert b"Traceback" not in log
