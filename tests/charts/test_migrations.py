"""What Airflow's services wait for before they start: a script that charts/airflow brings along."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import airflow
import pytest
from alembic.script import ScriptDirectory

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = ROOT / "charts" / "airflow" / "files"


def _module(name: str, **content: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch, database: sqlite3.Connection) -> Any:
    """Import it, with SQLite instead of the driver, which only the images have."""

    @contextmanager
    def connect(**_: float) -> Iterator[sqlite3.Cursor]:
        yield database.cursor()

    errors = _module("psycopg2.errors", UndefinedTable=sqlite3.OperationalError)
    for module in (_module("psycopg2"), errors, _module("database", connect=connect)):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.delitem(sys.modules, "migrations", raising=False)
    found = importlib.import_module("migrations")
    monkeypatch.delitem(sys.modules, "migrations")
    monkeypatch.setattr(found, "PATIENCE", 0)
    return found


def _at(database: sqlite3.Connection, revision: str) -> None:
    database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def test_the_newest_migration_is_the_one_that_airflow_migrates_to(migrations: Any) -> None:
    scripts = ScriptDirectory(Path(airflow.__file__).parent / "migrations")
    assert migrations.newest() == scripts.get_current_head()


def test_a_database_at_the_newest_migration_is_waited_for_no_longer(
    migrations: Any, database: sqlite3.Connection
) -> None:
    _at(database, migrations.newest())
    migrations.main()


def test_an_older_database_is_waited_for(migrations: Any, database: sqlite3.Connection) -> None:
    with pytest.raises(SystemExit, match="the database is at migration None; this Airflow needs"):
        migrations.main()
    _at(database, "an-older-one")
    with pytest.raises(SystemExit, match="is at migration an-older-one; this Airflow needs"):
        migrations.main()
