"""Lets one run alone make, or upgrade, a system database that is a SQLite file.

Meltano does so when it starts, in steps, and of two runs that start at once on a new database one
fails with "table already exists": so it is for the first tasks of a project that run in parallel.
A server's database is made by charts/meltano-pods. Meltano 4.4: `core/migration_service.py`.
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
def made_by_one(environment: Mapping[str, str], default: Path) -> Iterator[None]:
    """Wait while another run makes the database; be the one that makes it if none does.

    Args:
        environment: The run's; names another database than the default where it does.
        default: Meltano's own, where nothing names one.
    """
    uri = environment.get(_URI)
    file = Path(uri.removeprefix(_SQLITE)) if uri and uri.startswith(_SQLITE) else default
    file = file.resolve()  # the default is a link of the run's own, to what all of them share
    wanted = _wanted_revision()
    if wanted is None or (uri and not uri.startswith(_SQLITE)) or _revision(file) == wanted:
        yield
        return
    try:
        if not uri:  # a folder that somebody named is theirs to make
            file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.with_name(f"{file.name}.lock").open("a")
    except OSError:  # nothing can be written there, so nothing can be made: Meltano says so
        yield
        return
    with lock:
        while _revision(file) != wanted:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_CHECK_SECONDS)
                continue
            break  # it is ours until this run ends; others continue as soon as the database exists
        yield


def _wanted_revision() -> str | None:
    """Return the revision that this Meltano brings a database to; None if unknown."""
    spec = importlib.util.find_spec("meltano")
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder) / "migrations" / "db.lock"
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return None


def _revision(file: Path) -> str | None:
    """Return the revision of a database; None while there is none."""
    if not file.is_file():
        return None
    import sqlite3  # noqa: PLC0415 - for this alone, and most pods have no such file

    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else str(found[0])
