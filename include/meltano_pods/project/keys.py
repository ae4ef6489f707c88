"""Refuses misspelled and misplaced keys, and where Meltano takes no others, every unknown one.

Meltano keeps keys it does not know, so a section or a key that is indented too far, or not enough,
would silently do nothing.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from meltano_pods.names import listed, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.project.document import Entries

_SECTIONS = ("environments", "include_paths", "jobs", "plugins", "schedules")
_OF_SCHEDULES = ("extractor", "interval", "job", "loader", "transform")
# `files` and the like may be anybody's key.
_OF_PLUGINS = ("extractors", "loaders", "mappers", "orchestrators", "transformers", "utilities")
_BELONGS = {
    "tasks": "an entry of `jobs`",
    **dict.fromkeys(_OF_SCHEDULES, "an entry of `schedules`"),
    **dict.fromkeys(_OF_PLUGINS, "`plugins`"),
}
"""Keys that are none of the top of a file, and what they belong to."""


def refuse_strays(entries: Entries) -> None:
    """Refuse a key at the top of a file that belongs below a section.

    Raises:
        ProjectError: At the place of the key.
    """
    for key, node in entries.items():
        if (owner := _BELONGS.get(key)) is not None:
            node.fail(
                f"Meltano reads no key `{key}` at the top of a file; it belongs to {owner}",
                "Indent it, so that it stands below what it belongs to.",
            )


def refuse_sections(entries: Entries, what: str) -> None:
    """Refuse a section of the file that stands within something else.

    Args:
        entries: The entries of something else.
        what: What that is, such as `a schedule`.

    Raises:
        ProjectError: At the place of the section.
    """
    for key, node in entries.items():
        if key in _SECTIONS:
            node.fail(
                f"`{key}` stands within {what}, where Meltano does not read it",
                f"Indent it less: `{key}:` begins at the left margin.",
            )


def refuse_typos(entries: Entries, known: Sequence[str]) -> None:
    """Refuse a key that is almost a known one, where the known one is missing.

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
    refuse_sections(entries, what)
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
