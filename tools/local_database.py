"""Airflow's own database on this machine."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class MigrationError(Exception):
    """The database cannot be created, with Airflow's error."""


def needs_migration(home: Path) -> bool:
    """Whether this version of Airflow has not made, or upgraded, the database of a home yet."""
    return not _done(home).exists()


def migrate(environment: Mapping[str, str]) -> None:
    """Create or upgrade the database.

    Args:
        environment: All of Airflow's.

    Raises:
        MigrationError: It failed.
    """
    home = Path(environment["AIRFLOW_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise MigrationError(f"`airflow db migrate` failed:\n{ended.stdout}{ended.stderr}")
    _done(home).touch()


def _done(home: Path) -> Path:
    return home / f".migrated-{version('apache-airflow-core')}"
