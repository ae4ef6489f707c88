"""Meltano's own commands in a fix, such that they can be copied as they are."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAKEFILE = "Makefile"
_PROJECTS = "meltano"
_TARGET = re.compile(r"^meltano:", re.MULTILINE)


def build_meltano_command(project: Path, arguments: str) -> str:
    """Return a command of Meltano to be typed in the Airflow project's folder.

    If the Makefile installs Meltano, it is not on the PATH, and its state and plugins are not where
    Meltano would look for them. Otherwise, it is `meltano` in the project's folder.

    Args:
        project: The Meltano project's folder.
        arguments: What follows `meltano`.
    """
    if not has_make_target(project):
        return f"meltano {arguments}"
    name = shlex.quote(project.name)
    return f"make meltano PROJECT={name} ARGS={shlex.quote(arguments)}"


def has_make_target(project: Path) -> bool:
    """Whether `make meltano` in the Airflow project's folder can run for a Meltano project."""
    if project.parent.name != _PROJECTS:
        return False
    try:
        text = (project.parents[1] / _MAKEFILE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return _TARGET.search(text) is not None
