"""SQLite as the database of an Airflow whose parts are processes of one machine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def let_readers_in(file: Path) -> None:
    """Let reads go on beside a write; otherwise pages wait for the scheduler, up to a minute.

    It is a property of the file, which is made if there is none: https://sqlite.org/wal.html
    """
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
