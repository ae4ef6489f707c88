"""This project's own files."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def versioned(*patterns: str) -> list[Path]:
    """Return the files under version control, or about to be, that git's patterns match."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard", "--", *patterns],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [file for name in listed.split("\0") if name and (file := ROOT / name).is_file()]
