"""Finds patterns of `include_paths` that match no file.

Meltano accepts them silently, and the project then lacks the jobs and schedules of those files.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from meltano_pods.names import find_nearest, list_names
from meltano_pods.project.files import INCLUDE_PATHS, get_include_patterns
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from meltano_pods.errors import ProjectError
    from meltano_pods.project.yaml.nodes import Entries, Node

_GLOB = frozenset("*?[")


def find_unmatched_includes(folder: Path, main: Entries) -> Iterator[ProjectError]:
    """Yield a warning for each pattern of a project that matches no file.

    Args:
        folder: The project's.
        main: The entries of its meltano.yml, whose `include_paths` can be read.
    """
    for node in get_include_patterns(main):
        pattern = node.as_string("a path or glob pattern")
        if next(folder.glob(pattern), None) is None:
            yield _build_warning(folder, node, PurePath(pattern).parts)


def _build_warning(folder: Path, node: Node, parts: tuple[str, ...]) -> ProjectError:
    existing = _count_existing(folder, parts)
    parent = folder.joinpath(*parts[:existing])
    names = [each.name for each in parent.iterdir() if not each.name.startswith(".")]
    owner = parent.relative_to(folder).as_posix() if existing else "the project"
    missing = parts[existing]
    near = None if _GLOB & set(missing) else find_nearest(missing, names)
    correct = PurePath(*parts[:existing], near or missing, *parts[existing + 1 :]).as_posix()
    return node.build_error(
        f"{quote('/'.join(parts))} in `{INCLUDE_PATHS}` matches no file, so Meltano reads nothing "
        f"for it; {owner} has: {list_names(names)}",
        (f"Did you mean `{correct}`? " if near else "")
        + f"Correct the pattern, which is relative to meltano.yml, or remove it from "
        f"`{INCLUDE_PATHS}`.",
    )


def _count_existing(folder: Path, parts: tuple[str, ...]) -> int:
    """Return how many parts of a pattern, from its beginning, are folders that exist."""
    number = 0
    while number < len(parts) - 1 and folder.joinpath(*parts[: number + 1]).is_dir():
        number += 1
    return number
