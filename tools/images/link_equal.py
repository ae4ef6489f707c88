"""Stores equal files below a folder once: `... link_equal FOLDER`.

Each plugin has an environment of its own, and many of them hold the same packages. As hard links
they cost an image their size once; nothing writes to them there.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

_LEAST = 4096  # bytes; smaller files gain less than they cost to look at


def main(folder: Path) -> int:
    """Link, and return the bytes that are no longer stored twice."""
    known: dict[tuple[int, bytes], Path] = {}
    saved = 0
    for path in sorted(folder.rglob("*")):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size < _LEAST or found.st_nlink > 1:
            continue
        key = (stat.S_IMODE(found.st_mode), hashlib.sha256(path.read_bytes()).digest())
        if (first := known.setdefault(key, path)) == path:
            continue
        beside = path.with_name(f"{path.name}.linked")
        os.link(first, beside)
        beside.replace(path)
        saved += found.st_size
    return saved


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1])) / 1e6:,.0f} MB of equal files are stored once")
