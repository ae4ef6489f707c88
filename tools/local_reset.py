"""`make reset`: removes the state and output of a project's local runs, and lists what it removes.

Nothing else removes it: neither `make run` nor `make clean`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from meltano_pods.names import list_names, pluralize, suggest
from meltano_pods.project.files import find_project_folders

from tools import warehouse
from tools.local_places import ROOT, WORK, build_output_path, build_state_path, notes

if TYPE_CHECKING:
    from pathlib import Path


_NAME = re.compile(r"\w[\w.-]*")


def main(*names: str) -> int:
    """Remove state and output of a project; return the exit status."""
    projects = {folder.name: folder for folder in find_project_folders(ROOT / "meltano")}
    if len(names) != 1 or not names[0]:
        sys.stderr.write(
            "make reset: name the project, such as `make reset PROJECT=csv_to_json`; there are: "
            f"{list_names(projects)}\n"
        )
        return 2
    (name,) = names
    # Any other name, such as `..`, leads out of the folders in which each project has its own.
    found = kept_of(name) if _NAME.fullmatch(name) else []
    if not found and name not in projects:
        sys.stderr.write(
            f"make reset: there is no project {name}, and it has no state or output; there are: "
            f"{list_names(projects)}. {suggest(name, projects)}\n"
        )
        return 1
    print(f"Removing the state and output of {name}'s local runs:" if found else "Nothing is kept.")
    for path in found:
        print(f"  {path.relative_to(ROOT)}  {describe(path)}".rstrip(), flush=True)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for each in left(name, projects.get(name)):
        print(f"Left as it is: {each}")
    return 0


def kept_of(name: str) -> list[Path]:
    """Return the files and folders of a project's state and output."""
    state = build_state_path(name)
    # SQLite's own files and the lock for creating the database are next to it.
    files = [state.with_name(state.name + end) for end in ("", "-wal", "-shm", "-journal", ".lock")]
    return [each for each in (*files, build_output_path(name)) if each.exists()]


def describe(path: Path) -> str:
    """Return what is removed with a path."""
    if path == build_state_path(path.stem):
        return "the state: the next run moves all records"
    if not path.is_dir():
        return ""
    files = [each for each in path.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    return f"the output: {pluralize(len(files), 'file')}, {size / 1e6:.1f} MB"


def left(name: str, folder: Path | None) -> list[str]:
    """Return what belongs to the project and is not removed."""
    found = [note.removesuffix(".") for note in notes(name, os.environ)]
    if folder is not None and warehouse.needed(folder, os.environ):
        found.append(
            f"the PostgreSQL in {(WORK / 'warehouse').relative_to(ROOT)}, which projects share"
        )
    elif folder is not None and warehouse.needed(folder, {}):
        found.append("the database that the exported WAREHOUSE_... name")
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
