"""What the Astro CLI runs and reads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


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


def test_both_layouts_of_the_cli() -> None:
    first = yaml.safe_load((ROOT / ".astro" / "config.yaml").read_text())
    second = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert first["project"]["name"] == second["tool"]["astro"]["name"]


def test_the_runtime_is_named_once_and_airflow_nowhere() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ") and "/" in line]
    # The CLI takes the first for the Runtime; any other is the same one without ONBUILD steps.
    assert re.fullmatch(r"[\w./-]+/runtime:3\.3-\d+-python-3\.13", bases[0])
    assert set(bases) <= {bases[0], f"{bases[0]}-base"}
    named = [line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()]
    assert "apache-airflow" not in named
    assert "apache-airflow-core" not in named
    assert "apache-airflow-providers-cncf-kubernetes" in named


def test_the_files_that_the_runtime_copies_are_there() -> None:
    # Its ONBUILD steps fail without them; packages.txt must not hold comments.
    assert (ROOT / "packages.txt").read_text() == ""
    assert yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]
