"""`make test`: which parts it runs where; a stand-in replaces every command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NEED_AN_ENGINE = {"a cluster", "a cluster, restarted", "astro dev start", "images", "Chromium"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, and stand-ins that log for the commands that it calls."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "test.sh", tmp_path / "tools")
    for name in ("bin/docker", "bin/make", ".venv/bin/python"):
        _write_command(tmp_path / name, 'echo "$@" >>"$LOG"')
    for name in ("postgresql.sh", "cluster/chromium.sh", "charts/lint.sh"):
        _write_command(tmp_path / "tests" / name, "exit 0")
    _write_command(tmp_path / "tests/meltano/language_server.sh", "exit 0")
    return tmp_path


def _write_command(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def _run(checkout: Path, **environment: str) -> tuple[int, dict[str, str], str]:
    ended = subprocess.run(
        ["/bin/bash", checkout / "tools" / "test.sh", "all"],
        env={
            "PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(checkout),
            "LOG": str(checkout / "log"),
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    rows = ended.stdout.split("\n\n")[-2].splitlines()
    return ended.returncode, {row[:28].strip(): row[46:].strip() for row in rows}, ended.stdout


def test_without_an_engine_the_other_parts_run_and_pass(checkout: Path) -> None:
    _write_command(checkout / "bin/docker", "exit 1")

    status, parts, output = _run(checkout)

    assert status == 0
    assert {name for name, state in parts.items() if "left out" in state} == NEED_AN_ENGINE
    assert {state for name, state in parts.items() if name not in NEED_AN_ENGINE} == {"ok", ""}
    assert {"unit tests, docs", "Airflow, running", "charts", "make run, as a user"} <= set(parts)
    assert "no Docker engine" in output
    assert "tools.cluster tools" not in (checkout / "log").read_text()


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"INSTALL_DOCKER": "1"}])
def test_where_an_engine_may_be_installed_its_parts_run(
    checkout: Path, environment: dict[str, str]
) -> None:
    _write_command(checkout / "bin/docker", "exit 1")

    status, parts, _ = _run(checkout, **environment)

    assert status == 0
    assert set(parts) >= NEED_AN_ENGINE
    assert not [state for state in parts.values() if "left out" in state]
    assert "tools.cluster tools" in (checkout / "log").read_text()


def test_the_processor_time_of_a_part_is_printed_and_bytecode_is_kept(checkout: Path) -> None:
    spin = "import time\nwhile time.process_time() < 1.2: pass"
    work = (
        '[ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || exit 1\n'
        f'case "$*" in *tests/charts*) {sys.executable} -c "{spin}";; esac'
    )
    _write_command(checkout / ".venv/bin/python", work)

    _, parts, output = _run(checkout, PYTHONDONTWRITEBYTECODE="1")

    assert parts["charts"] == "ok"
    (row,) = [row for row in output.splitlines() if row.startswith("charts ")]
    wall, processor = row[28:45].replace("s", "").split()
    assert 0 < int(processor) <= int(wall) + 1


def test_with_an_engine_nothing_is_left_out(checkout: Path) -> None:
    _, parts, output = _run(checkout)

    assert set(parts) >= NEED_AN_ENGINE
    assert "0 left out" in output


def test_a_failed_part_fails_the_whole_and_stops_no_other(checkout: Path) -> None:
    _write_command(checkout / "tests/charts/lint.sh", "exit 1")

    status, parts, output = _run(checkout)

    assert status == 1
    assert parts["charts, linted"] == "FAILED"
    assert parts["a cluster"] == "ok"
    assert "1 failed" in output
