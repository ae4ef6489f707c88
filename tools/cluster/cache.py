"""Caches outside the clone, keyed by a digest of what they are made of.

`${XDG_CACHE_HOME:-~/.cache}/meltano-pods/KIND/DIGEST/`: a folder is complete once it holds `.done`,
so an interrupted build is never used as a result. A lock prevents two builds of a kind at the same
time, and only the most recently used folders of a kind are kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEPT = 2


def cache_root() -> Path:
    """The folder of all caches of this project."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "meltano-pods"


def digest(*parts: str | Path) -> str:
    """Name texts, files and folders by their content.

    Args:
        parts: Texts count as they are, a path as the files below it: names, modes, contents.
    """
    content = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            content.update(f"text {part}\0".encode())
            continue
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for file in files:
            name = file.relative_to(part.parent)
            executable = bool(file.stat().st_mode & 0o100)
            content.update(f"file {name} {executable} {file.stat().st_size}\0".encode())
            content.update(file.read_bytes())
    return content.hexdigest()[:16]


def cached(kind: str, key: str, build: Callable[[Path], None], *, keep: int = _KEPT) -> Path:
    """Return the folder for this key, built now unless it is there.

    Args:
        kind: What it is, a folder's name such as `kubernetes`.
        key: Digest of what it is made of.
        build: Fills the folder it is given, at its final place.
        keep: How many folders of this kind to keep, this one included.
    """
    folder = cache_root() / kind / key
    with _lock(folder.parent):
        done = folder / ".done"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(folder)
        done.touch()
        _prune(folder, keep)
    return folder


@contextmanager
def _lock(kind: Path) -> Iterator[None]:
    kind.mkdir(parents=True, exist_ok=True)
    with (kind / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prune(current: Path, keep: int) -> None:
    """Remove what was used longest ago; a folder without `.done` is a ruin."""

    def used(folder: Path) -> float:
        done = folder / ".done"
        return done.stat().st_mtime if done.exists() else 0.0

    others = (p for p in current.parent.iterdir() if p.is_dir() and p != current)
    for folder in sorted(others, key=used, reverse=True)[keep - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
