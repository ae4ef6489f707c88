"""What the README tells a new user to type, typed in a copy of this project, in its order."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.clone import README_COMMANDS, append_rows, typed

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = README_COMMANDS[:5]


def moved(shown: str) -> int:
    found = re.search(r"^Done: ([\d,]+) records? extracted", shown, re.MULTILINE)
    assert found, shown
    return int(found[1].replace(",", ""))


# One test, for each command goes on from what the one before left.
@pytest.mark.timeout(400)
def test_the_readme_as_a_new_user_follows_it(clone: Path) -> None:
    assert COMMANDS == [
        "make run",
        "make run KEEP=1",
        "cp -r meltano/csv_to_json meltano/orders",
        "cp dags/csv_to_json.py dags/orders.py",
        "make run DAG=orders.daily",
    ]
    output = clone / "output" / "csv_to_json" / "orders.jsonl"

    shown = typed(clone, COMMANDS[0])
    assert moved(shown) == 1200
    assert "[error]" not in shown  # of files that need more than is installed for this DAG
    assert "output/csv_to_json/orders.jsonl holds 1,200 records" in shown
    assert "tap-csv: " in shown  # progress, as it works
    assert re.search(r"\d+\.\d s  csv_to_json.daily", shown)
    first = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(first) == 1200
    assert any("\n" in str(row["note"]) for row in first)

    append_rows(clone, 10)
    assert moved(typed(clone, COMMANDS[1])) == 10
    assert len(output.read_text().splitlines()) == 1210

    # By hand it goes on from the same state, into the same file.
    append_rows(clone, 3)
    shown = typed(clone, ".venv/bin/meltano-pods run csv_to_json.daily")
    assert shown.splitlines()[-1] == "tap-csv-to-target-jsonl: succeeded, 3 records"
    assert len(output.read_text().splitlines()) == 1213

    for command in COMMANDS[2:4]:
        typed(clone, command)
    assert moved(typed(clone, COMMANDS[4])) == 1213
    assert (clone / "output" / "orders" / "orders.jsonl").exists()
    # Its state is its own: the first project goes on from where it was.
    shown = typed(clone, ".venv/bin/meltano-pods run csv_to_json.daily")
    assert shown.splitlines()[-1] == "tap-csv-to-target-jsonl: succeeded, 0 records"


def test_a_fault_is_told_once_and_before_anything_is_installed(clone: Path) -> None:
    file = clone / "meltano" / "csv_to_json" / "meltano.yml"
    before = file.read_text()
    file.write_text(before.replace("interval: '@daily'", "intervall: '@daily'"))
    shown = typed(clone, "make run", fails=True)
    file.write_text(before)
    assert shown.count("Meltano reads no key `intervall` here") == 1
    assert "Did you mean `interval`?" in shown
    assert "Installing" not in shown


def test_a_dag_that_is_not_there(clone: Path) -> None:
    shown = typed(clone, "make run DAG=csv_to_json.weekly", fails=True)
    assert "there is no DAG csv_to_json.weekly; there are: csv_to_json.daily" in shown
    assert "Traceback" not in shown
