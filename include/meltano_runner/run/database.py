"""Lets only one run at a time create or upgrade a system database that is a SQLite file.

Meltano does so in several steps when it starts. If two runs start at the same time on a new
database, such as the first tasks of a project, one fails with "table already exists". The database
of a server is created by charts/meltano-pods. Meltano 4.4: `core/migration_service.py`.
"""

from __future__ import annotations

import fcntl
import importlib.util
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_URI = "MELTANO_DATABASE_URI"
_SQLITE = "sqlite:///"
_CHECK_SECONDS = 0.1


@contextmanager
def lock_creation(environment: Mapping[str, str], default: Path) -> Iterator[None]:
    """Hold a lock while this run creates the database; wait while another run does.

    Args:
        environment: Environment variables of the run, which may set the database.
        default: Meltano's default database.
    """
    uri = environment.get(_URI)
    file = Path(uri.removeprefix(_SQLITE)) if uri and uri.startswith(_SQLITE) else default
    file = file.resolve()  # the default is a link of this run to the database that runs share
    wanted = _find_latest_revision()
    if wanted is None or (uri and not uri.startswith(_SQLITE)) or _read_revision(file) == wanted:
        yield
        return
    try:
        if not uri:  # users create the folder of a database that they set
            file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.with_name(f"{file.name}.lock").open("a")
    except OSError:  # the folder is not writable: Meltano reports the error
        yield
        return
    with lock:
        while _read_revision(file) != wanted:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_CHECK_SECONDS)
                continue
            break  # held until this run ends; others continue as soon as the database exists
        yield


def _find_latest_revision() -> str | None:
    """Return the revision to which this Meltano migrates a database; None if unknown."""
    spec = importlib.util.find_spec("meltano")
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder) / "migrations" / "db.lock"
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return None


def _read_revision(file: Path) -> str | None:
    """Return the revision of a database; None if it does not exist."""
    if not file.is_file():
        return None
    import sqlite3  # noqa: PLC0415 - for this alone, and most pods have no such file

    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else str(found[0])
