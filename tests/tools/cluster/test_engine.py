from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import engine
from tools.cluster.errors import ClusterError
from tools.cluster.shell import Shell

DEBIAN = {"ID": "debian", "VERSION_CODENAME": "bookworm"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Debian with an init system, as root, without a choice of the user."""
    for name in ("CI", "INSTALL_DOCKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(engine, "_os_release", lambda: DEBIAN)
    _init(monkeypatch, runs=True)
    return monkeypatch


def _init(monkeypatch: pytest.MonkeyPatch, *, runs: bool) -> None:
    exists = Path.exists

    def patched(path: Path, **options: Any) -> bool:
        return runs if str(path) == "/run/systemd/system" else exists(path, **options)

    monkeypatch.setattr(Path, "exists", patched)


@pytest.mark.usefixtures("machine")
def test_a_persons_machine_is_left_alone() -> None:
    assert "INSTALL_DOCKER=1" in str(engine._why_not_ours())


@pytest.mark.parametrize(("name", "value"), [("INSTALL_DOCKER", "1"), ("CI", "true")])
def test_an_engine_is_installed_where_that_is_wanted(
    machine: pytest.MonkeyPatch, name: str, value: str
) -> None:
    machine.setenv(name, value)

    assert engine._why_not_ours() is None


def test_a_machine_without_an_init_system_is_thrown_away_unless_told_otherwise(
    machine: pytest.MonkeyPatch,
) -> None:
    _init(machine, runs=False)
    assert engine._why_not_ours() is None

    machine.setenv("INSTALL_DOCKER", "0")
    assert engine._why_not_ours()


def test_not_without_root_nor_elsewhere(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("INSTALL_DOCKER", "1")
    machine.setattr(engine, "_os_release", lambda: {"ID": "fedora"})
    assert "Debian" in str(engine._why_not_ours())

    machine.setattr(os, "geteuid", lambda: 1000)
    assert "root" in str(engine._why_not_ours())


def test_the_refusal_says_how_to_go_on(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine.setattr(engine, "_version", lambda _: None)

    with pytest.raises(ClusterError, match="INSTALL_DOCKER=1"):
        engine.ensure_engine(Shell(tmp_path / "log"))


def test_a_pid_file_counts_only_while_its_process_is_that_program(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    own = str(engine._command(os.getpid()))
    file.write_text(f"{os.getpid()}\n")

    assert engine._recorded(file, own) == os.getpid()
    assert engine._recorded(file, "dockerd") is None
    file.write_text("not a number")
    assert engine._recorded(file, own) is None
    assert engine._recorded(tmp_path / "missing", own) is None


def test_an_engine_of_someone_else_is_never_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    record = engine._record()
    record.parent.mkdir(parents=True)
    record.write_text(f"{os.getpid()}\n")  # this process, not a dockerd

    assert engine.stop_engine() == "no engine that was started here runs"
    assert not record.exists()
