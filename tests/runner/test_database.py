"""The first runs of a project may start at once: one of them makes the system database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from meltano_runner.run import database

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_find_latest_revision", lambda: "head")


def make(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        made.execute("DELETE FROM alembic_version")
        made.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        made.commit()


def second(file: Path, environment: dict[str, str] | None = None) -> threading.Thread:
    """Start a run that ends as soon as it may begin."""

    def run() -> None:
        with database.lock_creation(environment or {}, file):
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("before", [None, "older"])
def test_others_wait_until_it_is_made_and_no_longer(tmp_path: Path, before: str | None) -> None:
    file = tmp_path / ".meltano" / "meltano.db"
    if before is not None:
        file.parent.mkdir()
        make(file, before)
    with database.lock_creation({}, file):
        waiting = second(file)
        waiting.join(0.3)
        assert waiting.is_alive()
        make(file, "step")
        waiting.join(0.3)
        assert waiting.is_alive()
        make(file, "head")
        waiting.join(10)
        assert not waiting.is_alive()


def test_who_cannot_make_it_leaves_it_to_the_next(tmp_path: Path) -> None:
    file = tmp_path / "meltano.db"
    with database.lock_creation({}, file):
        waiting = second(file)
    waiting.join(10)
    assert not waiting.is_alive()


def test_nobody_waits_for_what_is_there_or_is_a_servers(tmp_path: Path) -> None:
    file = tmp_path / "meltano.db"
    make(file, "head")
    for uri in (f"sqlite:///{file}", "postgresql://h/d"):
        with database.lock_creation({"MELTANO_DATABASE_URI": uri}, tmp_path / "none"):
            thread = second(tmp_path / "none", {"MELTANO_DATABASE_URI": uri})
            thread.join(10)
            assert not thread.is_alive()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["meltano.db"]


def test_no_folder_is_made_that_somebody_named(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'none' / 'meltano.db'}"
    with database.lock_creation({"MELTANO_DATABASE_URI": uri}, tmp_path / "meltano.db"):
        assert list(tmp_path.iterdir()) == []
