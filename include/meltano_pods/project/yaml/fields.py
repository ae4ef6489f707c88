"""Reads the entries that sections have in common: names, and optional strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, ProjectLoadError
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from meltano_pods.project.yaml.nodes import Entries, Node


def name_of(node: Node, entries: Entries, what: str, example: str) -> str:
    """Return the name of an entry of a list.

    Args:
        node: The entry.
        entries: Its own entries.
        what: What it is, such as `job`.
        example: A name that would be right.

    Raises:
        ProjectError: It has none.
    """
    missing, number = _NAMELESS.get(what, (ProjectLoadError, ProjectError))
    if "name" not in entries:
        node.fail(f"the {what} has no `name`", f"Add one: `- name: {example}`.", missing)
    return entries["name"].text(f"`name: {example}`", number)


_NAMELESS = {
    "environment": (ProjectLoadError, ProjectLoadError),
    "mapping": (ProjectError, ProjectError),
    "plugin": (ProjectLoadError, ProjectLoadError),
}
"""Kinds of error of what has no name, or a number, a boolean or nothing for one."""


def name_without_colon(node: Node, entries: Entries, what: str, example: str, use: str) -> str:
    """Return the name of an entry of a list, in which Meltano gives a colon a meaning.

    Args:
        node: The entry.
        entries: Its own entries.
        what: What it is, such as `plugin`.
        example: A name that would be right.
        use: What a colon is for, to follow "a colon, which".

    Raises:
        ProjectError: It has none.
        ProjectLoadError: It holds a colon.
    """
    name = name_of(node, entries, what, example)
    if ":" in name:
        entries["name"].fail(
            f"the {what}'s name {shown(name)} holds a colon, which {use}",
            f"Rename it without the colon, as in `name: {name.replace(':', '-')}`.",
            ProjectLoadError,
        )
    return name


def optional_text(entries: Entries, key: str, example: str) -> str | None:
    """Return an entry's string; None where there is no such entry or nothing is written there."""
    node = written(entries, key)
    return None if node is None else node.text(example)


def written(entries: Entries, key: str) -> Node | None:
    """Return an entry; None where there is none or it is empty, which is the same to Meltano."""
    node = entries.get(key)
    return None if node is None or node.is_empty else node
