"""Finds misspelled and misplaced keys, and where Meltano takes no others, every unknown one.

Meltano keeps keys it does not know, so a section or a key that is indented too far, or not enough,
would silently do nothing. Where a key may as well be somebody else's, Meltano runs the project, and
so do we: it is a warning.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError, ProjectLoadError
from meltano_pods.names import listed, nearest
from meltano_pods.project.sections.annotations import is_meant_for_us

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from meltano_pods.errors import Errors
    from meltano_pods.project.yaml.nodes import Entries, Node

SECTIONS = ("environments", "include_paths", "jobs", "plugins", "schedules")
_OF_SCHEDULES = ("extractor", "interval", "job", "loader", "transform")
# `files` and the like may be anybody's key.
_OF_PLUGINS = ("extractors", "loaders", "mappers", "orchestrators", "transformers", "utilities")
_SCHEDULE = "schedules: [{name: daily, job: load, interval: '@daily'}]"
_BELONGS = {
    "tasks": ("an entry of `jobs`", "jobs: [{name: load, tasks: [tap-a target-b]}]"),
    **dict.fromkeys(_OF_SCHEDULES, ("an entry of `schedules`", _SCHEDULE)),
    **{key: ("`plugins`", f"plugins: {{{key}: [{{name: ...}}]}}") for key in _OF_PLUGINS},
}
"""Keys that are none of the top of a file, what they belong to, and an example."""
_LISTS_OF_NAMED = ("environments", "jobs", "schedules")
_OF_NOBODY = ("x-", "x_", ".", "_")
"""What begins the keys that hold YAML anchors."""


def find_strays(entries: Entries) -> Iterator[ProjectError]:
    """Yield an error for each key at the top of a file that seems to belong below a section."""
    for key, node in entries.items():
        if key in _BELONGS:
            owner, example = _BELONGS[key]
            yield node.error(
                f"Meltano reads no key `{key}` at the top of a file; it belongs to {owner}",
                f"Indent it below the section that it belongs to, as in `{example}`.",
            )


def is_part_of_plugins(stray: ProjectError) -> bool:
    """Whether a key at the top of a file is a type of plugins, which jobs would miss."""
    return isinstance(stray.where, Location) and stray.where.key in _OF_PLUGINS


def find_sections(
    entries: Entries, what: str, kind: type[ProjectError] = ProjectError
) -> Iterator[ProjectError]:
    """Yield an error for each section of the file that stands within something else.

    Args:
        entries: The entries of something else.
        what: What that is, such as `a schedule`.
        kind: Of the errors.
    """
    for key in SECTIONS:
        if (node := entries.get(key)) is not None:
            yield node.error(
                f"`{key}` stands within {what}, where Meltano does not read it",
                f"Indent it less: `{key}:` begins at the left margin.",
                kind,
            )


def looks_like_section(key: str, node: Node) -> bool:
    """Whether a value is what the section of that name holds."""
    try:
        if key == "plugins":
            return node.is_mapping and any(each in _OF_PLUGINS for each in node.mapping("plugins"))
        elements = node.elements("a list") if key in _LISTS_OF_NAMED and node.is_list else []
        return bool(elements) and all(
            each.is_mapping and "name" in each.mapping("an entry") for each in elements
        )
    except ProjectError:  # such as a YAML tag that is read nowhere
        return False


def read_misspelled(
    entries: Entries,
    known: Collection[str],
    errors: Errors,
    warnings: list[ProjectError],
    required: Collection[str] = (),
) -> Entries:
    """Return entries with those of almost known keys under the keys that were meant.

    So one misspelled key is one error, and not also a missing key. Without a key that is neither
    required nor clearly meant, Meltano runs the project: then it is a warning.

    Args:
        entries: As written.
        known: The keys that are read.
        errors: Takes an error for each misspelled key.
        warnings: Takes the warnings.
        required: Keys without which Meltano cannot load the project.
    """
    if entries.keys() <= set(known):
        return entries
    missing = [key for key in known if key not in entries]
    meant = dict(entries)
    for key, node in entries.items():
        if key in known or key.startswith(_OF_NOBODY):
            continue
        if not (near := difflib.get_close_matches(key, missing, 1, 0.8)):
            continue
        kind = ProjectLoadError if near[0] in required else ProjectError
        what, fix = f"Meltano reads no key `{key}` here", f"Did you mean `{near[0]}`? Rename it."
        if near[0] in required or _is_meant(near[0], node):
            errors.found.append(node.error(what, fix, kind))
            meant[near[0]] = meant.pop(key)
        else:
            warnings.append(node.error(what, fix))
    return meant


def _is_meant(key: str, node: Node) -> bool:
    if key == "annotations":
        return node.is_mapping and any(map(is_meant_for_us, node.mapping("annotations")))
    return looks_like_section(key, node)


def read_closed(
    entries: Entries, known: Collection[str], what: str, errors: Errors, ours: Callable[[str], bool]
) -> Entries:
    """Return the entries of a job or environment, almost known keys as those that were meant.

    Both are closed: Meltano ends with a TypeError that names no place, for every command in the
    project.

    Args:
        entries: As written.
        known: The keys it may have.
        what: Which of them it is.
        errors: Takes an error for each other key.
        ours: Whether a key was meant for our annotations, which have errors of their own.
    """
    if entries.keys() <= set(known):
        return entries
    sections = list(find_sections(entries, what, ProjectLoadError))
    errors.found += sections
    missing = [key for key in known if key not in entries]
    meant = dict(entries)
    for key, node in entries.items():
        # What follows a section that is indented too far belongs to it.
        if key in known or key in SECTIONS or ours(key) or (sections and key in _BELONGS):
            continue
        near = nearest(key, missing)
        errors.found.append(
            node.error(
                f"{what} has no key `{key}`, and Meltano rejects the whole project for it; "
                f"expected one of: {listed(known)}",
                f"Did you mean `{near}`? Rename it."
                if near is not None
                else "Remove it, or move it to where it is read: a setting of DAGs and tasks to "
                f"`annotations: {{meltano_pods: {{{key}: ...}}}}`.",
                ProjectLoadError,
            )
        )
        if near is not None:
            meant[near] = meant.pop(key)
    return meant
