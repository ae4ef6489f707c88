"""DAG and task ids, made from content, within what Airflow allows."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX = 250  # Airflow's limit


def identifier(text: str) -> str:
    """Return `text` with what Airflow does not allow in an id replaced by dashes.

    Where that takes letters or digits away (`täglich`), or the id would be too long, it ends with a
    digest of the whole, so that two texts do not become one id.
    """
    safe = _NOT_ALLOWED.sub("-", text).strip("-")
    lost = not text.isascii() and any(each.isalnum() for each in text if not each.isascii())
    if safe and not lost and len(safe) <= _MAX:
        return safe
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{safe[: _MAX - len(digest) - 1] or 'unnamed'}-{digest}"


def unique_identifiers(texts: Iterable[str]) -> list[str]:
    """Return an id for each text; equal ones differ by `--2`, `--3` in their order.

    Ids come from content alone, so inserting or removing another text renames none.
    """
    ids: dict[str, None] = {}
    counts: dict[str, int] = {}
    for text in texts:
        unique = base = identifier(text)
        while unique in ids:
            counts[base] = counts.get(base, 1) + 1
            suffix = f"--{counts[base]}"
            unique = base[: _MAX - len(suffix)] + suffix
        ids[unique] = None
    return list(ids)
