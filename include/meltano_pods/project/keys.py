"""Refuses misspelled keys. Others that we do not know are Meltano's or the user's own."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.project.document import Entries


def refuse_typos(entries: Entries, known: Sequence[str]) -> None:
    """Refuse a key that is almost a known one, where the known one is missing.

    Meltano keeps keys it does not know, so `schedule:` for `schedules:` would silently do nothing.

    Raises:
        ProjectError: At the place of the key.
    """
    missing = [key for key in known if key not in entries]
    for key, node in entries.items():
        if key not in known and (near := difflib.get_close_matches(key, missing, 1, 0.8)):
            node.fail(
                f"Meltano reads no key `{key}` here",
                f"Did you mean `{near[0]}`? Rename it.",
            )
