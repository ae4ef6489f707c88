"""What the Astro CLI runs and reads."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import yaml

from tests.checkout import ROOT
from tools.astro_check import check

if TYPE_CHECKING:
    from pathlib import Path


def test_astro_dev_parse(tmp_path: Path) -> None:
    for name in ("dags", "meltano"):
        (tmp_path / name).symlink_to(ROOT / name)
    check = ROOT / ".astro" / "test_dag_integrity_default.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    ended = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(check)],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout


def test_astro_would_take_this_project() -> None:
    # Both layouts of the CLI, the Runtime named once, Airflow nowhere else: tests/unit tries each.
    assert check(ROOT, pinned=False) == []


def test_the_files_that_the_runtime_copies_are_there() -> None:
    # Its ONBUILD steps fail without them; packages.txt must not hold comments.
    assert (ROOT / "packages.txt").read_text() == ""
    assert yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]
