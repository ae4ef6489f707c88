"""What `astro dev parse` runs: every DAG file can be imported.

In place of the file that the Astro CLI generates, which asks Airflow 3.3 for an option of DagBag
that is gone. tests/dags says more.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

_DAGS = Path(os.environ.get("AIRFLOW_HOME", "/usr/local/airflow")) / "dags"


def _errors() -> list[tuple[str, str]]:
    bag = DagBag(str(_DAGS))
    return [(str(file), str(error)) for file, error in bag.import_errors.items()] or [("all", "")]


@pytest.mark.parametrize(("file", "error"), _errors())
def test_file_imports(file: str, error: str) -> None:
    """Show the import error of a DAG file, if it has one."""
    assert not error, f"{file}:\n{error}"
