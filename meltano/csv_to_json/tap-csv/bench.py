#!/usr/bin/env python3
"""Rows a second and peak memory of the tap, beside the SDK's own loop on the same file.

uv run --project . python bench.py [rows]
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_COLUMNS = "id customer email note amount quantity paid ordered_on country updated_at"
_ROUNDS = 3

_TAP = "from tap_csv.cli import main; main()"
# The same reader and converters in the loop and the writer that the SDK brings.
_SDK = """
from singer_sdk import Stream
from singer_sdk.io_base import SingerWriter
from tap_csv import cli, stream, tap
tap.LineWriter = SingerWriter
stream.CsvStream._sync_records = Stream._sync_records
stream.CsvStream._write_state_message = Stream._write_state_message
stream.CsvStream.is_sorted = True
cli.main()
"""


def _write_file(file: Path, rows: int) -> None:
    pick = random.Random(1)  # noqa: S311  # the same file each time
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    notes = ("", "a, b", 'says "hi"', "plain text here")
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS.split())
        for number in range(rows):
            moment += timedelta(seconds=pick.choice((0, 1, 2, 60)))
            writer.writerow(
                (
                    number,
                    f"Zoë Müller {number % 977}",
                    f"customer{number % 977}@example.com",
                    pick.choice(notes),
                    f"{pick.randint(1, 99_999) / 100:.2f}",
                    pick.randint(1, 9),
                    pick.choice(("true", "false")),
                    moment.date(),
                    "DE",
                    moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                )
            )


def _measure(code: str, config: Path) -> tuple[float, float]:
    """Returns the seconds and the peak megabytes of one run, start-up and discovery included."""
    command = [sys.executable, "-c", code, "--config", str(config)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Prints a line for each way, the best of several alternating rounds."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        _write_file(file, rows)
        settings = {"path": str(file), "primary_keys": ["id"]}
        incremental, full = Path(folder) / "incremental.json", Path(folder) / "full.json"
        incremental.write_text(json.dumps(settings | {"replication_key": "updated_at"}))
        full.write_text(json.dumps(settings))
        ways = {
            "tap-csv, incremental": (_TAP, incremental),
            "tap-csv, full table": (_TAP, full),
            "the SDK's loop, incremental": (_SDK, incremental),
        }
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, way in ways.items():
                results[name].append(_measure(*way))
        for name, runs in results.items():
            seconds, peak = min(runs)
            print(f"{name:28} {rows / seconds:9,.0f} rows/s {seconds:6.1f} s {peak:6.0f} MB")


if __name__ == "__main__":
    main()
