"""A project's files: meltano.yml and what its `include_paths` name.

The sections of all files are merged as in Meltano: lists are concatenated in the order of the
files; of other keys, the last one wins.
"""

from __future__ import annotations

import stat
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.yaml.nodes import Entries, Node, parse_yaml, quote

if TYPE_CHECKING:
    import os
    from collections.abc import Collection
    from pathlib import Path

MELTANO_FILE = "meltano.yml"
INCLUDE_PATHS = "include_paths"
_LIKELY_NAMES = (MELTANO_FILE, "meltano.yaml")

# Reading a megabyte takes about a second, and Airflow gives a file half a minute.
_MAX_BYTES = 1_000_000
_MAX_ALL_BYTES = 4_000_000
_MAX_FILES = 500


def find_project_folders(folder: Path) -> list[Path]:
    """Return the folders of the projects in a folder; none if there are none, or no such folder."""
    return sorted(file.parent for file in folder.glob(f"*/{MELTANO_FILE}"))


def read_project_files(folder: Path) -> list[Entries]:
    """Return the top-level entries of each file of the project, meltano.yml first.

    Raises:
        ProjectError: A file is missing, unreadable, too large or invalid YAML.
    """
    main_file = folder / MELTANO_FILE
    text = read_text(folder, main_file)
    root = folder.resolve()
    target = main_file.resolve() if main_file.is_symlink() else root / MELTANO_FILE
    if not target.is_relative_to(root):
        raise ProjectError(
            "a link to a file outside the project, which Meltano rejects",
            get_location(folder, main_file),
            "Put the file itself there.",
        )
    main = _parse_file(folder, main_file, text)
    files, size = [main], len(text)
    # Meltano compares with what meltano.yml is linked to.
    for path in _find_included(folder, main, root, {main_file, target}):
        text = read_text(folder, path)
        size += len(text)
        if size > _MAX_ALL_BYTES:
            raise ProjectError(
                f"the project's files have more than {_MAX_ALL_BYTES:,} characters in total",
                get_location(folder, path),
                f"List only YAML files of Meltano in `{INCLUDE_PATHS}`, or split the project.",
            )
        files.append(_parse_file(folder, path, text))
    for file in files[1:]:
        if INCLUDE_PATHS in file:
            file[INCLUDE_PATHS].fail(
                f"an included file has `{INCLUDE_PATHS}`, which Meltano reads in meltano.yml only",
                f"Move the paths to `{INCLUDE_PATHS}` in meltano.yml.",
            )
    return files


def find_misnamed_file(folder: Path) -> str | None:
    """Return the name of a file that is probably a misnamed meltano.yml, if that is missing."""
    if not folder.is_dir() or (folder / MELTANO_FILE).exists():
        return None
    names = (each.name for each in folder.iterdir())
    return next((each for each in names if each.lower() in _LIKELY_NAMES), None)


def get_location(folder: Path, path: Path) -> Location:
    """Return `path` as messages show it, relative to the parent of the projects folder."""
    return Location(path.relative_to(folder.parent.parent).as_posix())


def _parse_file(folder: Path, path: Path, text: str) -> Entries:
    return parse_yaml(text, get_location(folder, path).file).as_mapping("keys and values")


def read_text(folder: Path, path: Path) -> str:
    """Return the text of one of the project's files.

    Raises:
        ProjectError: It is missing, not a file, unreadable, too large or not UTF-8.
    """
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            # Before opening it: reading a pipe blocks forever.
            raise ProjectError(
                f"expected a file, found {_describe_kind(kind)}",
                get_location(folder, path),
                "Put a YAML file there, or remove it.",
            )
        if kind.st_size > _MAX_BYTES:
            raise ProjectError(
                f"the file has {kind.st_size:,} bytes; at most {_MAX_BYTES:,} are read",
                get_location(folder, path),
                f"Split it with `{INCLUDE_PATHS}`, and keep data out of it.",
            )
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
        # The file may grow, and files of the kernel have the size 0.
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        _raise_missing(folder, path)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectError(
            "not UTF-8 text",
            get_location(folder, path)._replace(line=line),
            "Save the file as UTF-8.",
        ) from None
    except OSError as error:
        raise ProjectError(
            f"cannot be read: {error.strerror}",
            get_location(folder, path),
            "Let Airflow's user read it.",
        ) from None


def _describe_kind(found: os.stat_result) -> str:
    return "a folder" if stat.S_ISDIR(found.st_mode) else "a device"


def _raise_missing(folder: Path, path: Path) -> NoReturn:
    where = get_location(folder, path)
    if path.is_symlink():
        raise ProjectError(
            "a link to a file that does not exist",
            where,
            "Fix the link, or put the file itself there: links may not leave the image.",
        )
    if (name := find_misnamed_file(folder)) is not None:
        raise ProjectError(
            f"Meltano reads {MELTANO_FILE}, not {name}",
            get_location(folder, folder / name),
            f"Rename it to {MELTANO_FILE}.",
        )
    raise ProjectError(
        f"there is no {MELTANO_FILE}" if folder.is_dir() else "there is no such folder",
        where,
        f"Create the Meltano project `{folder.name}` there, or remove or rename its DAG file, "
        "whose name is the project's.",
    )


def _find_included(folder: Path, main: Entries, root: Path, read: Collection[Path]) -> list[Path]:
    """Return the files that `include_paths` names, as Meltano finds them.

    Args:
        folder: The project's.
        main: The entries of its meltano.yml.
        root: The folder, with symbolic links resolved.
        read: Files that are already read.
    """
    found: dict[Path, None] = {}
    for node in get_include_patterns(main):
        pattern = node.as_string("a path or glob pattern")
        for path in _match_pattern(folder, node, pattern):
            if path in read:
                continue
            if not path.is_file() or not path.resolve().is_relative_to(root):
                node.fail(
                    f"{quote(pattern)} matches `{path.relative_to(folder)}`, which is not a file "
                    "of the project",
                    "Narrow the pattern to YAML files inside the project's folder, such as "
                    "`jobs/*.yml`.",
                )
            found[path] = None
    return list(found)


def get_include_patterns(main: Entries) -> list[Node]:
    """Return the entries of `include_paths`."""
    if (patterns := main.get(INCLUDE_PATHS)) is None:
        return []
    return patterns.as_list(f"`{INCLUDE_PATHS}: [./jobs/*.yml]`", empty=False)


def _match_pattern(folder: Path, node: Node, pattern: str) -> list[Path]:
    try:
        # Sorted, because the order of glob differs between file systems.
        found = sorted(islice(folder.glob(pattern), _MAX_FILES + 1))
    except (ValueError, NotImplementedError, OSError):
        node.fail(
            f"{quote(pattern)} is not a pattern for files inside the project",
            "Write it relative to the project's folder, such as `jobs/*.yml`.",
        )
    if len(found) > _MAX_FILES:
        node.fail(
            f"{quote(pattern)} matches more than {_MAX_FILES} files",
            "Narrow the pattern to YAML files of Meltano.",
        )
    return found
