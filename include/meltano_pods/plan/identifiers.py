"""Ids of DAGs and tasks, built from content, within Airflow's rules."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX = 250  # Airflow's limit


def make_identifier(text: str) -> str:
    """Return `text` with characters that Airflow does not allow in an id replaced by dashes.

    If that removes letters or digits (`täglich`), or the id would be too long, it ends with a
    digest of the text, so that different texts have different ids.
    """
    safe = _NOT_ALLOWED.sub("-", text).strip("-")
    lost = not text.isascii() and any(each.isalnum() for each in text if not each.isascii())
    if safe and not lost and len(safe) <= _MAX:
        return safe
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{safe[: _MAX - len(digest) - 1] or 'unnamed'}-{digest}"


def make_unique_identifiers(texts: Iterable[str]) -> list[str]:
    """Return an id for each text; equal ones differ by `--2`, `--3` in their order.

    Ids depend only on content, so inserting or removing another text does not change them.
    """
    ids: dict[str, None] = {}
    counts: dict[str, int] = {}
    for text in texts:
        unique = base = make_identifier(text)
        while unique in ids:
            counts[base] = counts.get(base, 1) + 1
            suffix = f"--{counts[base]}"
            unique = base[: _MAX - len(suffix)] + suffix
        ids[unique] = None
    return list(ids)
