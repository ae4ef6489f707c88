"""A project's files: meltano.yml and what its `include_paths` name.

Sections of all files are joined as Meltano does: lists are appended in the files' order, of other
keys the last file's wins.
"""

from __future__ import annotations

import stat
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.yaml.nodes import Entries, Node, parse, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Collection
    from pathlib import Path

MELTANO_FILE = "meltano.yml"
INCLUDE_PATHS = "include_paths"
_MEANT = (MELTANO_FILE, "meltano.yaml")

# Reading a megabyte takes about a second, and Airflow gives a file half a minute.
_MAX_BYTES = 1_000_000
_MAX_ALL_BYTES = 4_000_000
_MAX_FILES = 500


def project_folders(folder: Path) -> list[Path]:
    """Return the folders of the projects in a folder; none where it has none, or is not there."""
    return sorted(file.parent for file in folder.glob(f"*/{MELTANO_FILE}"))


def project_files(folder: Path) -> list[Entries]:
    """Return the top-level entries of each file of the project, meltano.yml first.

    Raises:
        ProjectError: A file is missing, unreadable, too large or no valid YAML.
    """
    main_file = folder / MELTANO_FILE
    text = read_text(folder, main_file)
    root = folder.resolve()
    target = main_file.resolve() if main_file.is_symlink() else root / MELTANO_FILE
    if not target.is_relative_to(root):
        raise ProjectError(
            "a link to a file outside the project, which Meltano rejects",
            location_of(folder, main_file),
            "Put the file itself there.",
        )
    main = _parsed(folder, main_file, text)
    files, size = [main], len(text)
    # Meltano compares with what meltano.yml is linked to.
    for path in _included(folder, main, root, {main_file, target}):
        text = read_text(folder, path)
        size += len(text)
        if size > _MAX_ALL_BYTES:
            raise ProjectError(
                f"together the project's files hold more than {_MAX_ALL_BYTES:,} characters",
                location_of(folder, path),
                f"Let `{INCLUDE_PATHS}` name YAML files of Meltano only, or split the project.",
            )
        files.append(_parsed(folder, path, text))
    for file in files[1:]:
        if INCLUDE_PATHS in file:
            file[INCLUDE_PATHS].fail(
                f"an included file has `{INCLUDE_PATHS}`, which Meltano reads in meltano.yml only",
                f"Move the paths to `{INCLUDE_PATHS}` in meltano.yml.",
            )
    return files


def misnamed(folder: Path) -> str | None:
    """Return the name of a file that was meant to be the project's, where there is no such file."""
    if not folder.is_dir() or (folder / MELTANO_FILE).exists():
        return None
    names = (each.name for each in folder.iterdir())
    return next((each for each in names if each.lower() in _MEANT), None)


def location_of(folder: Path, path: Path) -> Location:
    """Return `path` as messages show it: from the folder that holds all projects on."""
    return Location(path.relative_to(folder.parent.parent).as_posix())


def _parsed(folder: Path, path: Path, text: str) -> Entries:
    return parse(text, location_of(folder, path).file).mapping("keys and values")


def read_text(folder: Path, path: Path) -> str:
    """Return the text of one of the project's files.

    Raises:
        ProjectError: It is missing, no file, unreadable, too large or not UTF-8.
    """
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            # Before it is opened: reading a pipe blocks forever.
            raise ProjectError(
                f"expected a file, found {_kind(kind)}",
                location_of(folder, path),
                "Put a YAML file there, or remove it.",
            )
        if kind.st_size > _MAX_BYTES:
            raise ProjectError(
                f"the file has {kind.st_size:,} bytes; at most {_MAX_BYTES:,} are read",
                location_of(folder, path),
                f"Split it with `{INCLUDE_PATHS}`, and keep data out of it.",
            )
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
        # The file may grow, and files of the kernel say that they are empty.
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        _missing(folder, path)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectError(
            "not UTF-8 text",
            location_of(folder, path)._replace(line=line),
            "Save the file as UTF-8.",
        ) from None
    except OSError as error:
        raise ProjectError(
            f"cannot be read: {error.strerror}",
            location_of(folder, path),
            "Let Airflow's user read it.",
        ) from None


def _kind(found: os.stat_result) -> str:
    return "a folder" if stat.S_ISDIR(found.st_mode) else "no file but a device"


def _missing(folder: Path, path: Path) -> NoReturn:
    where = location_of(folder, path)
    if path.is_symlink():
        raise ProjectError(
            "a link to a file that does not exist",
            where,
            "Fix the link, or put the file itself there: links may not leave the image.",
        )
    if (name := misnamed(folder)) is not None:
        raise ProjectError(
            f"Meltano reads {MELTANO_FILE}, and not {name}",
            location_of(folder, folder / name),
            f"Rename it to {MELTANO_FILE}.",
        )
    raise ProjectError(
        f"there is no {MELTANO_FILE}" if folder.is_dir() else "there is no such folder",
        where,
        f"Create the Meltano project `{folder.name}` there, or remove or rename its DAG file: "
        "the project is named by the file.",
    )


def _included(folder: Path, main: Entries, root: Path, read: Collection[Path]) -> list[Path]:
    """Return the files that `include_paths` names, as Meltano finds them.

    Args:
        folder: The project's.
        main: The entries of its meltano.yml.
        root: Where the folder really is.
        read: Files that are read already.
    """
    found: dict[Path, None] = {}
    for node in include_patterns(main):
        pattern = node.text("a path or glob pattern")
        for path in _matches(folder, node, pattern):
            if path in read:
                continue
            if not path.is_file() or not path.resolve().is_relative_to(root):
                node.fail(
                    f"{shown(pattern)} matches `{path.relative_to(folder)}`, which is not a file "
                    "of the project",
                    "Narrow the pattern to YAML files inside the project's folder, such as "
                    "`jobs/*.yml`.",
                )
            found[path] = None
    return list(found)


def include_patterns(main: Entries) -> list[Node]:
    """Return the entries of `include_paths`."""
    if (patterns := main.get(INCLUDE_PATHS)) is None:
        return []
    return patterns.elements(f"`{INCLUDE_PATHS}: [./jobs/*.yml]`", empty=False)


def _matches(folder: Path, node: Node, pattern: str) -> list[Path]:
    try:
        # Sorted, for the order of glob differs between file systems.
        found = sorted(islice(folder.glob(pattern), _MAX_FILES + 1))
    except (ValueError, NotImplementedError, OSError):
        node.fail(
            f"{shown(pattern)} is not a pattern below the project",
            "Write it relative to the project's folder, such as `jobs/*.yml`.",
        )
    if len(found) > _MAX_FILES:
        node.fail(
            f"{shown(pattern)} matches more than {_MAX_FILES} files",
            "Narrow the pattern to YAML files of Meltano.",
        )
    return found
