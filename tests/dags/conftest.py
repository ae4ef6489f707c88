"""What the tests of the DAG files share."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

sys.path.append(str(Path(__file__).parents[2] / ".astro"))
# Airflow makes its home when it is imported, which test modules do while they are collected.
if "AIRFLOW_HOME" not in os.environ:
    os.environ["AIRFLOW_HOME"] = str(Path(tempfile.gettempdir()) / "meltano-pods-unit-airflow")


@pytest.fixture(scope="session")
def dag_bag() -> DagBag:
    """Return the DAGs of this project, loaded once as `astro dev parse` loads them."""
    from dag_loading import load_dags  # noqa: PLC0415 - Airflow reads its home on import

    return load_dags()
