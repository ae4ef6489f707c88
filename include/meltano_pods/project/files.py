"""A project's files: meltano.yml and what its `include_paths` name.

Sections of all files are joined as Meltano does: lists are appended in the files' order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.document import Entries, Node, parse, shown

if TYPE_CHECKING:
    from pathlib import Path

MELTANO_FILE = "meltano.yml"


def project_files(folder: Path) -> list[Entries]:
    """Return the top-level entries of each file of the project, meltano.yml first.

    Raises:
        ProjectError: A file is missing, unreadable or no valid YAML.
    """
    main = _read(folder, folder / MELTANO_FILE).mapping("keys and values")
    return [main, *(_read(folder, path).mapping("keys") for path in _included(folder, main))]


def location_of(folder: Path, path: Path) -> Location:
    """Return `path` as messages show it: from the folder that holds all projects on."""
    return Location(path.relative_to(folder.parent.parent).as_posix())


def _read(folder: Path, path: Path) -> Node:
    where = location_of(folder, path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectError(
            f"there is no {MELTANO_FILE}" if folder.is_dir() else "there is no such folder",
            where,
            f"Create the Meltano project `{folder.name}` there, or remove or rename its DAG file: "
            "the project is named by the file.",
        ) from None
    except UnicodeDecodeError:
        raise ProjectError("not UTF-8 text", where, "Save the file as UTF-8.") from None
    except OSError as error:
        raise ProjectError(
            f"cannot be read: {error.strerror}", where, "Let Airflow's user read it."
        ) from error
    return parse(text, where.file)


def _included(folder: Path, main: Entries) -> list[Path]:
    """Return the files that `include_paths` names, as Meltano finds them."""
    if (patterns := main.get("include_paths")) is None:
        return []
    root = folder.resolve()
    found: dict[Path, None] = {}
    for node in patterns.elements("`include_paths: [./jobs/*.yml]`"):
        pattern = node.text("a path or glob pattern")
        try:
            # glob order differs between file systems; sorted, ids stay the same everywhere.
            matches = sorted(folder.glob(pattern))
        except (ValueError, NotImplementedError):
            node.fail(
                f"{shown(pattern)} is no pattern below the project",
                "Write it relative to the project's folder, such as `jobs/*.yml`.",
            )
        for path in matches:
            if path == folder / MELTANO_FILE:
                continue
            if not path.is_file() or not path.resolve().is_relative_to(root):
                node.fail(
                    f"{shown(pattern)} matches `{path.name}`, which is no file of the project",
                    "Narrow the pattern to YAML files inside the project's folder.",
                )
            found[path] = None
    return list(found)
