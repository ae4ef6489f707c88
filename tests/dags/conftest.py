"""What the tests of the DAG files share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Airflow makes its home when it is imported, which test modules do while they are collected.
if "AIRFLOW_HOME" not in os.environ:
    os.environ["AIRFLOW_HOME"] = str(Path(tempfile.gettempdir()) / "meltano-pods-unit-airflow")
os.environ.pop("MELTANO_ENVIRONMENT", None)
