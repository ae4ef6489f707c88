"""What the README tells a new user to type, typed in a copy of this project, in its order."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.clone import README_COMMANDS, append_rows, typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = README_COMMANDS[:4]


def moved(shown: str) -> int:
    found = re.search(r"^Done: ([\d,]+) records? extracted", shown, re.MULTILINE)
    assert found, shown
    return int(found[1].replace(",", ""))


# One test, for each command resumes from what the one before left.
@pytest.mark.timeout(400)
def test_the_readme_as_a_new_user_follows_it(fresh: Path) -> None:
    assert COMMANDS == [
        "make run",
        "cp -r meltano/csv_to_json meltano/orders",
        "cp dags/csv_to_json.py dags/orders.py",
        "make run DAG=orders.daily",
    ]
    output = fresh / "output" / "csv_to_json" / "orders.jsonl"

    shown = typed(fresh, COMMANDS[0])
    assert moved(shown) == 1200
    assert "[error]" not in shown  # of files that need more than is installed for this DAG
    assert "output/csv_to_json/orders.jsonl holds 1,200 records" in shown
    assert "tap-csv: " in shown  # progress, as it works
    log, _, _ = shown.partition("csv_to_json: meltano-runner run")[2].partition("\nDone: ")
    lines = [line for line in log.splitlines() if line.strip()]
    assert len(lines) == len(set(lines)) <= 12, lines
    assert re.search(r"\d+\.\d s  csv_to_json.daily", shown)
    first = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(first) == 1200
    assert any("\n" in str(row["note"]) for row in first)

    # The same again moves what is new, into the same file; so does the command line.
    append_rows(fresh, 10)
    assert moved(typed(fresh, COMMANDS[0])) == 10
    append_rows(fresh, 3)
    shown = typed(fresh, ".venv/bin/meltano-pods run csv_to_json.daily")
    assert "succeeded, 3 records extracted" in shown.splitlines()[-1]
    assert len(output.read_text().splitlines()) == 1213

    for command in COMMANDS[1:3]:
        typed(fresh, command)
    copied = [file for file in (fresh / "meltano" / "orders").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in copied) < 1_000_000
    assert moved(typed(fresh, COMMANDS[3])) == 1213
    assert (fresh / "output" / "orders" / "orders.jsonl").exists()
    # Its state is its own: the first project resumes from where it was.
    shown = typed(fresh, ".venv/bin/meltano-pods run csv_to_json.daily")
    assert "succeeded, 0 records extracted" in shown.splitlines()[-1]


@pytest.fixture
def untouched(fresh: Path) -> Iterator[Path]:
    """A clone with a state, an output, and plugins that have to be installed again."""
    kept = [fresh / ".run" / "csv_to_json.db", fresh / "output" / "csv_to_json" / "orders.jsonl"]
    for file in kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("kept")
    for stamp in (fresh / ".run" / "meltano").glob("*/.installed"):
        stamp.unlink()
    yield fresh
    found = [file.read_text() for file in kept]
    for file in kept:
        file.unlink()  # they are none for another test
    assert found == ["kept", "kept"]


def test_mistakes_are_told_before_anything_is_changed_or_installed(untouched: Path) -> None:
    for dag, expected in {
        "csv_to_json": "such as `csv_to_json.daily`",
        "csv_to_json.weekly": "there is no DAG `csv_to_json.weekly`; there are: csv_to_json.daily",
        "csv-to-json.daily": "Did you mean `csv_to_json.daily`",
        "daily": "there are: csv_to_json.daily",
    }.items():
        shown = typed(untouched, f"make run DAG={dag}", fails=True)
        assert expected in shown
        assert "Installing" not in shown
        assert "Traceback" not in shown
    file = untouched / "meltano" / "csv_to_json" / "meltano.yml"
    file.write_text(file.read_text().replace("interval: '@daily'", "intervall: '@daily'"))
    shown = typed(untouched, "make run", fails=True)
    assert shown.count("Meltano ignores the unknown key `intervall`") == 1
    assert "Did you mean `interval`?" in shown
    assert "Installing" not in shown
    shown = typed(untouched, "make reset", fails=True)
    assert "PROJECT=csv_to_json" in shown


def test_a_port_that_is_taken_is_found_before_plugins_are_installed(untouched: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        shown = typed(untouched, "make airflow", fails=True, environment={"AIRFLOW_PORT": port})
    assert f"port {port} cannot be used" in shown
    assert "Installing" not in shown
