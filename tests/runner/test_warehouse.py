"""The PostgreSQL that `make run` brings: shared while it runs, gone after the last user."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tools import warehouse
from tools.as_nobody import place

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.meltano


def sql(variables: dict[str, str], statement: str, **changed: str) -> str:
    host, port, user, password, database = {**variables, **changed}.values()
    words = ["--host", host, "--port", port, "--username", user, "--dbname", database]
    return subprocess.run(
        [warehouse.programs() / "psql", *words, "--quiet", "-Atc", statement],
        env={**os.environ, "PGPASSWORD": password},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    ).stdout.strip()  # fmt: skip


def test_it_is_shared_kept_and_stopped(tmp_path: Path) -> None:
    with warehouse.running(tmp_path) as first:
        sql(first, "create table kept (a int)")
        with warehouse.running(tmp_path) as second:
            assert second == first
        assert sql(second, "select count(*) from kept") == "0"
    assert "refused" in sql(first, "select 1")
    with warehouse.running(tmp_path) as third:
        assert sql(third, "select count(*) from kept") == "0"


def test_its_role_may_enter_its_own_database_alone(tmp_path: Path) -> None:
    with warehouse.running(tmp_path) as variables:
        assert "permission denied" in sql(variables, "create database other")
        assert "permission denied" in sql(variables, "create role other")
        assert "authentication failed" in sql(variables, "select 1", WAREHOUSE_PASSWORD="other")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's files are elsewhere")
def test_what_root_left_of_a_project_that_is_gone_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / "project").mkdir()
    for name, there, owner in (("gone", False, 0), ("there", True, 0), ("foreign", False, 1)):
        folder = tmp_path / f"meltano-pods-{name}"
        folder.mkdir()
        (folder / "origin").write_text(str(tmp_path / ("project" if there else "none") / "run"))
        os.chown(folder, owner, 0)
    current = place(tmp_path / "project" / "warehouse")
    left = set(tmp_path.glob("meltano-pods-*"))
    assert left == {current, tmp_path / "meltano-pods-there", tmp_path / "meltano-pods-foreign"}
    os.chown(current, 1, 0)
    with pytest.raises(PermissionError, match="belongs to another user"):
        place(tmp_path / "project" / "warehouse")


def test_a_project_needs_it_that_names_it_and_has_none(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text("config: {host: $WAREHOUSE_HOST}\n")
    assert warehouse.needed(tmp_path, {})
    assert not warehouse.needed(tmp_path, {"WAREHOUSE_HOST": "db.example.org"})
    assert not warehouse.needed(tmp_path / "none", {})
