"""A copy of this project in which tests type what a user types."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT, versioned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

README_COMMANDS = "".join(code_blocks(ROOT / "README.md", "bash")).splitlines()
"""What the README tells a new user to type, in its order: first here, then on a cluster."""

_ENVIRONMENTS = (".venv", ".venv-meltano", ".venv-uv")
# What the tests themselves were started with is not the user's.
_OURS = ("MAKE", "MFLAGS", "MELTANO", "AIRFLOW", "PYTHON", "PYTEST", "VIRTUAL_ENV", "TAP_")


def copy_of_this_project(clone: Path) -> Path:
    """Copy the files under version control, or about to be; only the environments are shared."""
    for file in versioned():
        copy = clone / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    for environment in _ENVIRONMENTS:
        if (ROOT / environment).exists():
            (clone / environment).symlink_to(ROOT / environment)
    return clone


def typed(
    clone: Path,
    command: str,
    *,
    fails: bool = False,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command as a user's shell would and return what it shows."""
    ended = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=clone,
        env=users_environment(environment),
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert (ended.returncode != 0) == fails, ended.stdout
    return ended.stdout


def users_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a user's shell, with more variables if there are any."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | dict(more or {})


def append_rows(clone: Path, count: int) -> None:
    """Add orders that tie with the last one's timestamp: the next run must not lose them."""
    with (clone / "meltano/csv_to_json/data/test.csv").open("a") as file:
        for number in range(count):
            file.write(
                f"{900000 + number},New,new@example.com,Paris,FR,75001,1.50,EUR,,1,false,new,,"
                "2026-01-08,2026-01-08T08:03:12Z\n"
            )
