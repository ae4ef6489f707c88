"""How a command of Meltano is typed for a project, so that a fix can be copied as it stands."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAKEFILE = "Makefile"
_PROJECTS = "meltano"
_TARGET = re.compile(r"^meltano:", re.MULTILINE)


def meltano_command(project: Path, arguments: str) -> str:
    """Return a command of Meltano as it is typed in the Airflow project's folder.

    Where the Makefile installs Meltano, it is not on the PATH, and its state and plugins are not
    where Meltano would look for them. Elsewhere it is `meltano` in the project's folder.

    Args:
        project: The Meltano project's folder.
        arguments: What follows `meltano`.
    """
    if not has_make_target(project):
        return f"meltano {arguments}"
    name = shlex.quote(project.name)
    return f"make meltano PROJECT={name} ARGS={shlex.quote(arguments)}"


def has_make_target(project: Path) -> bool:
    """Whether `make meltano` of the Airflow project's folder knows a Meltano project."""
    if project.parent.name != _PROJECTS:
        return False
    try:
        text = (project.parents[1] / _MAKEFILE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return _TARGET.search(text) is not None
