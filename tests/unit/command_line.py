"""What the tests of the command line share; the fixtures `root` and `said` are in conftest.py."""

from __future__ import annotations

from collections.abc import Callable

Said = Callable[..., tuple[int, str, str]]
"""Runs a command and returns exit code, stdout and stderr."""

FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
"""A project's DAG file."""
