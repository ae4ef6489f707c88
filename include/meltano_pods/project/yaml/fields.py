"""Reads the entries that sections have in common: names, and optional strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, ProjectLoadError
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from meltano_pods.project.yaml.nodes import Entries, Node


def read_name(node: Node, entries: Entries, what: str, example: str) -> str:
    """Return the name of an entry of a list.

    Args:
        node: The entry.
        entries: Its own entries.
        what: What it is, such as `job`.
        example: A valid name.

    Raises:
        ProjectError: It has no name.
    """
    missing, number = _ERROR_CLASSES.get(what, (ProjectLoadError, ProjectError))
    if "name" not in entries:
        node.fail(f"the {what} has no `name`", f"Add one: `- name: {example}`.", missing)
    return entries["name"].as_string(f"`name: {example}`", number)


_ERROR_CLASSES = {
    "environment": (ProjectLoadError, ProjectLoadError),
    "mapping": (ProjectError, ProjectError),
    "plugin": (ProjectLoadError, ProjectLoadError),
}
"""Error classes for a missing name, and for a name that is not a string."""


def read_name_without_colon(node: Node, entries: Entries, what: str, example: str, use: str) -> str:
    """Return the name of an entry of a list, in which a colon would have a meaning to Meltano.

    Args:
        node: The entry.
        entries: Its own entries.
        what: What it is, such as `plugin`.
        example: A valid name.
        use: What colons are for, as the end of "contains a colon, which ...".

    Raises:
        ProjectError: It has no name.
        ProjectLoadError: It contains a colon.
    """
    name = read_name(node, entries, what, example)
    if ":" in name:
        entries["name"].fail(
            f"the {what}'s name {quote(name)} contains a colon, which {use}",
            f"Rename it without the colon, as in `name: {name.replace(':', '-')}`.",
            ProjectLoadError,
        )
    return name


def read_optional_text(entries: Entries, key: str, example: str) -> str | None:
    """Return an entry's string; None if there is no such entry, or it is empty."""
    node = get_non_empty(entries, key)
    return None if node is None else node.as_string(example)


def get_non_empty(entries: Entries, key: str) -> Node | None:
    """Return an entry; None if it is missing or empty, which is the same to Meltano."""
    node = entries.get(key)
    return None if node is None or node.is_empty else node
