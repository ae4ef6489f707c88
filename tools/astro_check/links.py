"""Symbolic links: they must lead to what is deployed with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tools.astro_check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

# `astro dev` mounts each of these alone, and `astro deploy` uploads dags/ alone.
_ALONE = ("dags", "include", "plugins", "tests")
_LOOKED_AT = (*_ALONE, "meltano", "k8s")
_PASSED_OVER = (".meltano", ".venv", "__pycache__", "node_modules")


def check(root: Path) -> Iterator[Finding]:
    """Yield links that lead elsewhere, or nowhere."""
    for top in _LOOKED_AT:
        within = root / top if top in _ALONE else root
        for path in _links(root / top):
            target = path.resolve()
            absolute = os.path.isabs(path.readlink())  # noqa: PTH117 - of the text, not the file
            if not absolute and target.exists() and target.is_relative_to(within.resolve()):
                continue
            place = f"{top}/" if top in _ALONE else "the project"
            yield Finding(
                str(path.relative_to(root)),
                "",
                f"a link to {path.readlink()}",
                f"a relative link to something in {place}, which is deployed with it",
                "Put the file itself there.",
            )


def _links(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if (path := Path(where, name)).is_symlink())
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
