"""The PostgreSQL that `make run` brings: shared while it runs, gone after the last user."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tools import warehouse

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
        with warehouse.running(tmp_path, keep=True) as second:
            assert second == first
        assert sql(second, "select count(*) from kept") == "0"
    assert "refused" in sql(first, "select 1")
    with warehouse.running(tmp_path, keep=True) as third:
        assert sql(third, "select count(*) from kept") == "0"
    with warehouse.running(tmp_path) as fourth:
        assert "does not exist" in sql(fourth, "select count(*) from kept")


def test_its_role_may_enter_its_own_database_alone(tmp_path: Path) -> None:
    with warehouse.running(tmp_path) as variables:
        assert "permission denied" in sql(variables, "create database other")
        assert "permission denied" in sql(variables, "create role other")
        assert "authentication failed" in sql(variables, "select 1", WAREHOUSE_PASSWORD="other")


def test_a_project_needs_it_that_names_it_and_has_none(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text("config: {host: $WAREHOUSE_HOST}\n")
    assert warehouse.needed(tmp_path, {})
    assert not warehouse.needed(tmp_path, {"WAREHOUSE_HOST": "db.example.org"})
    assert not warehouse.needed(tmp_path / "none", {})
