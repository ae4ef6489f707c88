"""Folders for servers that do not run as root: for root, they run as `nobody`.

`nobody` cannot reach a folder of the user, so a folder in the temporary directory replaces it.
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
"""A file in such a folder, which the users of the folder lock."""
_PREFIX = "meltano-pods-"
_ORIGIN = "origin"  # a file that contains the folder that it replaces


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def place(folder: Path) -> Path:
    """Create and return `folder`, or for root its replacement.

    Raises:
        PermissionError: The replacement belongs to another user.
    """
    if not is_root():
        folder.mkdir(parents=True, exist_ok=True)
        return folder.absolute()
    digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:10]
    found = Path(tempfile.gettempdir()) / f"{_PREFIX}{digest}"
    found.mkdir(exist_ok=True)
    if not _is_ours(found):
        raise PermissionError(f"{found} belongs to another user")
    (found / _ORIGIN).write_text(str(folder.absolute()))
    _sweep(found)
    return found


def _sweep(current: Path) -> None:
    """Remove the replacements for folders of projects that no longer exist."""
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
