"""What the tests of the Airflow side share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.projects import MakeProject

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
