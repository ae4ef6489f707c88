"""What the README tells a new user to type, typed in a copy of this project, in its order."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import code_blocks

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = "".join(code_blocks(ROOT / "README.md", "bash")).splitlines()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files under version control; only the environments are shared."""
    clone = tmp_path_factory.mktemp("clone") / "meltano-pods"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    for environment in (".venv", ".venv-meltano", ".venv-uv"):
        if (ROOT / environment).exists():
            (clone / environment).symlink_to(ROOT / environment)
    return clone


def typed(clone: Path, command: str, *, fails: bool = False) -> str:
    """Run a command as a user's shell would and return what it shows."""
    # What the tests themselves were started with is not the user's.
    ours = ("MAKE", "MFLAGS", "MELTANO", "AIRFLOW", "PYTHON", "PYTEST", "VIRTUAL_ENV", "TAP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=clone,
        env=kept,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert (ended.returncode != 0) == fails, ended.stdout
    return ended.stdout


def moved(shown: str) -> int:
    found = re.search(r"^Done: ([\d,]+) records moved", shown, re.MULTILINE)
    assert found, shown
    return int(found[1].replace(",", ""))


def append(clone: Path, count: int) -> None:
    """Append rows that tie with the last one's timestamp: the next run must not lose them."""
    with (clone / "meltano/csv_to_json/data/test.csv").open("a") as file:
        for number in range(count):
            file.write(
                f"{900000 + number},New,new@example.com,Paris,FR,75001,1.50,EUR,,1,false,new,,"
                "2026-01-08,2026-01-08T08:03:12Z\n"
            )


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
    assert "output/csv_to_json/orders.jsonl holds 1,200 records" in shown
    assert "tap-csv: " in shown  # progress, as it works
    assert re.search(r"\d+\.\d s  csv_to_json.daily", shown)
    first = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(first) == 1200
    assert any("\n" in str(row["note"]) for row in first)

    assert moved(typed(clone, COMMANDS[1])) == 0
    append(clone, 10)
    assert moved(typed(clone, "make run KEEP=1")) == 10
    assert len(output.read_text().splitlines()) == 1210
    assert moved(typed(clone, "make run KEEP=1 FULL_REFRESH=1")) == 1210

    for command in COMMANDS[2:4]:
        typed(clone, command)
    assert moved(typed(clone, COMMANDS[4])) == 1210
    assert (clone / "output" / "orders" / "orders.jsonl").exists()
    # Its state is its own: the first project goes on from where it was.
    assert moved(typed(clone, "make run KEEP=1")) == 0


@pytest.mark.timeout(200)
def test_a_failure_says_why_and_what_to_do(clone: Path) -> None:
    with (clone / "meltano/csv_to_json/data/test.csv").open("a") as file:
        file.write("one,field too,few\n")
    shown = typed(clone, "make run", fails=True)
    assert "tap_failed" in shown
    assert "test.csv" in shown
    assert "fix: " in shown
    assert "Traceback" not in shown


def test_a_dag_that_is_not_there(clone: Path) -> None:
    shown = typed(clone, "make run DAG=csv_to_json.weekly", fails=True)
    assert "there is no DAG csv_to_json.weekly; there are: csv_to_json.daily" in shown
    assert "Traceback" not in shown
