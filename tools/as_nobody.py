"""Where root keeps what a server needs that refuses to run as root: it runs as `nobody`.

A folder of the user's cannot be reached by `nobody`, so another in the temporary directory stands
for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import tempfile
from pathlib import Path

NOBODY = "nobody"
USERS = "users"
"""A file in such a folder: who uses the folder has a lock on it."""
_PREFIX = "meltano-pods-"
_ORIGIN = "origin"  # a file that names the folder that it stands for


def is_root() -> bool:
    """Whether this process is root's."""
    return os.geteuid() == 0


def place(folder: Path) -> Path:
    """Return `folder`, made; for root, one that stands for it.

    Raises:
        PermissionError: The one for root is somebody else's.
    """
    if not is_root():
        folder.mkdir(parents=True, exist_ok=True)
        return folder.absolute()
    digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:10]
    found = Path(tempfile.gettempdir()) / f"{_PREFIX}{digest}"
    found.mkdir(exist_ok=True)
    if not _is_ours(found):
        raise PermissionError(f"{found} is somebody else's")
    (found / _ORIGIN).write_text(str(folder.absolute()))
    _sweep(found)
    return found


def _sweep(current: Path) -> None:
    """Remove what stands for folders of projects that are gone, for nobody else will."""
    for origin in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_ORIGIN}"):
        folder = origin.parent
        if folder == current or not _is_ours(folder) or Path(origin.read_text()).parent.exists():
            continue
        with (folder / USERS).open("w") as users, contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether root may write there: anybody may make a folder in the temporary directory."""
    return folder.lstat().st_uid in (0, pwd.getpwnam(NOBODY).pw_uid)
