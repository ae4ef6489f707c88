"""A digest of a project's Meltano files, to check that both images contain the same ones.

It covers meltano.yml and every file that its `include_paths` match: their paths within the project
and their bytes. The plan depends on nothing else, so data, plugin code and lock files may differ. A
changed comment changes the digest, because the files are compared without parsing YAML.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LENGTH = 16
"""Hexadecimal digits: 64 bits, short enough for people to compare."""


def compute_project_digest(project: Path, include_paths: Iterable[str] = ()) -> str:
    """Return the digest of a project.

    Args:
        project: The project's folder.
        include_paths: The patterns under that key of its meltano.yml.

    Raises:
        OSError: A file cannot be read; FileNotFoundError without a meltano.yml.
        ValueError: A pattern that Python's `glob` does not accept.
        NotImplementedError: An absolute pattern.
    """
    main = project / "meltano.yml"
    included = {path for pattern in include_paths for path in project.glob(pattern)} - {main}
    digest = hashlib.sha256()
    for path in [main, *sorted(included)]:
        if path == main or path.is_file():
            content = path.read_bytes()
            name = path.relative_to(project).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:_LENGTH]
