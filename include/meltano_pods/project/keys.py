"""Refuses misspelled keys, and where Meltano takes no others, every unknown one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from meltano_pods.names import listed, suggestion

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


def refuse_others(entries: Entries, known: Sequence[str], what: str) -> None:
    """Refuse a key that is none of the known ones.

    Jobs and environments are closed: Meltano ends with a TypeError that names no place, for every
    command in the project.

    Args:
        entries: The entries of a job or environment.
        known: The keys it may have.
        what: Which of them it is.

    Raises:
        ProjectError: At the place of the key.
    """
    for key, node in entries.items():
        if key not in known:
            node.fail(
                f"{what} has no key `{key}`, and Meltano refuses the whole project for it; "
                f"allowed are: {listed(known)}",
                f"{near}Rename it."
                if (near := suggestion(key, known))
                else "Remove it, or move it to where it is read: a setting of DAGs and tasks to "
                f"`annotations: {{meltano_pods: {{{key}: ...}}}}`.",
            )
