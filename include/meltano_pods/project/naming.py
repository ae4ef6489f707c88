"""The names that a project may have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.files import get_location

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")


def is_project_name(name: str) -> bool:
    """Whether a project can have a name."""
    return _NAME.fullmatch(name) is not None


def check_project_folder(folder: Path) -> None:
    """Check that the name of a folder can be that of a project.

    Raises:
        ProjectError: It cannot.
    """
    check_project_name(
        folder.name, get_location(folder, folder), "Rename the folder, and its DAG file with it."
    )


def check_project_name(name: str, where: Location | str, action: str = "") -> None:
    """Check that a project can have a name.

    Args:
        name: The name.
        where: What names the project, for the error.
        action: What else to do, besides choosing another name.

    Raises:
        ProjectError: It cannot.
    """
    if is_project_name(name):
        return
    near = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_").lstrip("0123456789-_")[:50]
    meant = f"Did you mean `{near}`?" if is_project_name(near) else ""
    rule = (
        "Use up to 50 letters, digits, `_` and `-`, starting with a letter: the name becomes part "
        "of the ids of DAGs and the names of pods."
    )
    raise ProjectError(
        f"{name!r} is not a valid project name",
        where,
        " ".join(filter(None, (meant, action, rule))),
    )
