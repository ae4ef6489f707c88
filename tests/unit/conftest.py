"""What the tests of the Airflow side share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command_line import FILE
from tests.support.projects import FULLEST

if TYPE_CHECKING:
    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject

# Airflow makes its home when it is imported, which test modules do while they are collected.
if "AIRFLOW_HOME" not in os.environ:
    os.environ["AIRFLOW_HOME"] = str(Path(tempfile.gettempdir()) / "meltano-pods-unit-airflow")
os.environ.pop("MELTANO_ENVIRONMENT", None)


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    def make(meltano_yml: str, name: str = "shop", **files: str) -> Path:
        folder = tmp_path / "meltano" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meltano.yml").write_text(meltano_yml)
        for file, text in files.items():
            (folder / f"{file}.yml").write_text(text)
        return folder

    return make


@pytest.fixture
def root(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an Airflow project with the project `shop`, the working directory of the test."""
    from tests.support.pods import TEMPLATES  # noqa: PLC0415 - as below

    root = make_project(FULLEST).parents[1]
    (root / "k8s").mkdir()
    (root / "k8s" / "pod_templates").symlink_to(TEMPLATES)
    (root / "dags").mkdir()
    (root / "dags" / "shop.py").write_text(FILE)
    monkeypatch.chdir(root)
    monkeypatch.setenv("AIRFLOW_HOME", str(root / "airflow"))
    return root


@pytest.fixture
def run_cli(capfd: pytest.CaptureFixture[str]) -> RunCli:
    """Return what runs a command."""
    from meltano_pods.cli.main import main  # noqa: PLC0415 - Airflow reads its home on import

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run
