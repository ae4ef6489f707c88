"""The real pipeline of meltano/csv_to_json, on rows and with state of a test's own."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil
from meltano_runner.contract.message import decode_result

from tests.support.checkout import ROOT
from tools.local_places import build_plugins_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from meltano_runner.contract.result import RunResult

PROJECT = ROOT / "meltano" / "csv_to_json"
BIN = ROOT / ".venv-meltano" / "bin"
PLUGINS = build_plugins_path("csv_to_json")
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pipeline:
    """A CSV file, an output folder and a system database under one folder."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "rows.csv"

    @property
    def output(self) -> Path:
        return self.folder / "output" / "orders.jsonl"

    @property
    def result_file(self) -> Path:
        return self.folder / "result.json"

    def write_rows(self, count: int, *, first: int = 1) -> None:
        """Write rows `first` to `first + count - 1`, one a second, appending from the second on."""
        new = first == 1
        with self.source.open("w" if new else "a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["order_id", "customer", "note", "updated_at"])
            writer.writerows(
                [number, f"customer {number % 97}", 'a "quoted", note', stamp(number)]
                for number in range(first, first + count)
            )

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "MELTANO_DATABASE_URI": f"sqlite:///{self.folder / 'meltano.db'}",
            "MELTANO_RUNNER_RESULT_FILE": str(self.result_file),
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MELTANO_AUTO_INSTALL": "false",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            # Little between tap and target, so that the tap is slow because the target is.
            "MELTANO_ELT_BUFFER_SIZE": "65536",
            "TAP_CSV_PATH": str(self.source),
            "MELTANO_PODS_OUTPUT": str(self.output.parent),
            "MELTANO_SYS_DIR_ROOT": str(PLUGINS),
            "PIPELINE_MARK": str(self.folder),
            **extra,
        }

    def start(self, command: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start `meltano-runner` or `meltano` with its log in the folder."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [BIN / command, *arguments],
                cwd=PROJECT,
                env=self.environment(**env),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, *arguments: str, **env: str) -> RunResult:
        """Run the runner to its end and return its result."""
        self.start("meltano-runner", "run", *arguments, **env).wait(timeout=300)
        return decode_result(self.result_file.read_text())

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def wait_until_over(self, seconds: float = 60) -> None:
        """Wait until no process of this pipeline is left."""
        deadline = time.monotonic() + seconds
        while left := self.processes():
            assert time.monotonic() < deadline, [process.cmdline() for process in left]
            time.sleep(0.05)

    def processes(self, command: str = "") -> list[psutil.Process]:
        """Return the processes of this pipeline, or those of them whose command holds this."""
        found = []
        for process in psutil.process_iter(["environ", "status", "cmdline"]):
            environ = process.info["environ"] or {}
            if (
                environ.get("PIPELINE_MARK") == str(self.folder)
                and process.info["status"] != psutil.STATUS_ZOMBIE
                and command in " ".join(process.info["cmdline"] or ())
            ):
                found.append(process)
        return found

    def numbers(self) -> list[int]:
        """Return the numbers of the rows in the output, in its order."""
        if not self.output.exists():
            return []
        lines = self.output.read_text().splitlines()
        return [json.loads(line)["order_id"] for line in lines]

    def bookmark(self, state_id: str) -> int:
        """Return the number of the last row that the saved state counts as done; 0 for none."""
        with sqlite3.connect(self.folder / "meltano.db") as database:
            query = "select partial_state, completed_state from state where state_id = ?"
            try:
                row = database.execute(query, (state_id,)).fetchone()
            except sqlite3.OperationalError:  # no database yet
                row = None
        database.close()
        values = [
            json.loads(text or "{}").get("singer_state", {}).get("bookmarks", {}).get("orders", {})
            for text in row or ()
        ]
        stamps = [value["replication_key_value"] for value in values if value]
        return max(map(number_at, stamps), default=0)


def stamp(number: int) -> str:
    return (_START + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_at(text: str) -> int:
    return int((datetime.fromisoformat(text) - _START).total_seconds())


def repeated(numbers: Sequence[int]) -> int:
    """Return how many rows came more than once."""
    return len(numbers) - len(set(numbers))
