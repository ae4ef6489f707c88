"""What doctor finds in Airflow's pools, and that its fixes work."""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(300)]

PROJECT = """\
project_id: shop
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors: [{name: tap-a}]
  loaders: [{name: target-b}]
  utilities: [{name: tool}]
annotations: {meltano_pods: {pool: warehouse, state_pool: in_turn}}
jobs:
- {name: one, tasks: tap-a target-b}
- {name: two, tasks: [tap-a target-b, tool]}
"""


def doctor(root: Path, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "meltano_pods", "doctor", "--format", "json"]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return [each for each in json.loads(done.stdout) if each["topic"] == "pools"]


def run_all(environment: Mapping[str, str], commands: list[list[str]]) -> None:
    """Run commands of Airflow in one process, which has imported it once."""
    script = f"""\
from airflow.cli.cli_parser import get_parser
for command in {commands!r}:
    given = get_parser().parse_args(command)
    given.func(given)
"""
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True)


def test_what_it_says_of_pools_mends_them(airflow: RunningAirflow, tmp_path: Path) -> None:
    folder = tmp_path / "meltano" / "shop"
    folder.mkdir(parents=True)
    (folder / "meltano.yml").write_text(PROJECT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    home = tmp_path / "airflow"
    environment = {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
    (unknown,) = doctor(tmp_path, environment)
    assert unknown["level"] == "note"
    assert not (home / "airflow.db").exists()

    home.mkdir(exist_ok=True)
    source, copy = airflow.home / "airflow" / "airflow.db", home / "airflow.db"
    with closing(sqlite3.connect(source)) as running, closing(sqlite3.connect(copy)) as mine:
        running.backup(mine)
    found = doctor(tmp_path, environment)
    assert [(each["level"], each["what"].split(":")[0]) for each in found] == [
        ("error", "there is no pool `in_turn`"),
        ("error", "there is no pool `warehouse`"),
    ]
    fixes = [re.findall(r"`airflow (pools set [^`]+)`", each["fix"]) for each in found]
    run_all(environment, [shlex.split(fix) for (fix,) in fixes])
    (well,) = doctor(tmp_path, environment)
    assert (well["level"], well["what"]) == ("ok", "tasks use these pools: in_turn, warehouse")
