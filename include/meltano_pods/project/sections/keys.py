"""Finds misspelled and misplaced keys, and unknown ones where Meltano rejects them.

Meltano keeps unknown keys, so a section or key with the wrong indentation would have no effect,
silently. If a key may belong to another tool, it is only a warning.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError, ProjectLoadError
from meltano_pods.names import find_nearest, list_names
from meltano_pods.project.sections.annotations import is_like_vendor_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from meltano_pods.errors import Errors
    from meltano_pods.project.yaml.nodes import Entries, Node

SECTIONS = ("environments", "include_paths", "jobs", "plugins", "schedules")
_SCHEDULE_KEYS = ("extractor", "interval", "job", "loader", "transform")
# Keys such as `files` may belong to another tool.
_PLUGIN_TYPES = ("extractors", "loaders", "mappers", "orchestrators", "transformers", "utilities")
_SCHEDULE = "schedules: [{name: daily, job: load, interval: '@daily'}]"
_OWNERS = {
    "tasks": ("an entry of `jobs`", "jobs: [{name: load, tasks: [tap-a target-b]}]"),
    **dict.fromkeys(_SCHEDULE_KEYS, ("an entry of `schedules`", _SCHEDULE)),
    **{key: ("`plugins`", f"plugins: {{{key}: [{{name: ...}}]}}") for key in _PLUGIN_TYPES},
}
"""Keys that do not belong at the top of a file, where they belong, and an example."""
_LIST_SECTIONS = ("environments", "jobs", "schedules")
_ANCHOR_PREFIXES = ("x-", "x_", ".", "_")
"""Prefixes of keys that contain YAML anchors."""


def find_misplaced_keys(entries: Entries) -> Iterator[ProjectError]:
    """Yield an error for each key at the top of a file that seems to belong below a section."""
    for key, node in entries.items():
        if key in _OWNERS:
            owner, example = _OWNERS[key]
            yield node.build_error(
                f"Meltano ignores the key `{key}` at the top of a file; it belongs to {owner}",
                f"Indent it below its section, as in `{example}`.",
            )


def is_plugin_type(error: ProjectError) -> bool:
    """Whether an error is about a plugin type at the top of a file."""
    return isinstance(error.where, Location) and error.where.key in _PLUGIN_TYPES


def find_misplaced_sections(
    entries: Entries, what: str, kind: type[ProjectError] = ProjectError
) -> Iterator[ProjectError]:
    """Yield an error for each section of the file that is inside something else.

    Args:
        entries: The entries of something else.
        what: What that is, such as `a schedule`.
        kind: Class of the errors.
    """
    for key in SECTIONS:
        if (node := entries.get(key)) is not None:
            yield node.build_error(
                f"`{key}` is inside {what}, where Meltano ignores it",
                f"Remove its indentation: `{key}:` starts at the left margin.",
                kind,
            )


def looks_like_section(key: str, node: Node) -> bool:
    """Whether a value looks like the content of the section of that name."""
    try:
        if key == "plugins":
            return node.is_mapping and any(
                each in _PLUGIN_TYPES for each in node.as_mapping("plugins")
            )
        elements = node.as_list("a list") if key in _LIST_SECTIONS and node.is_list else []
        return bool(elements) and all(
            each.is_mapping and "name" in each.as_mapping("an entry") for each in elements
        )
    except ProjectError:  # such as an unsupported YAML tag
        return False


def correct_misspelled_keys(
    entries: Entries,
    known: Collection[str],
    errors: Errors,
    warnings: list[ProjectError],
    required: Collection[str] = (),
) -> Entries:
    """Return entries with misspelled keys corrected.

    So a misspelled key causes one error, without another one about a missing key. If the key is
    neither required nor clearly meant, Meltano runs the project, so it is a warning.

    Args:
        entries: As written.
        known: The keys that are read.
        errors: Receives an error for each misspelled key.
        warnings: Receives the warnings.
        required: Keys without which Meltano cannot load the project.
    """
    if entries.keys() <= set(known):
        return entries
    missing = [key for key in known if key not in entries]
    meant = dict(entries)
    for key, node in entries.items():
        if key in known or key.startswith(_ANCHOR_PREFIXES):
            continue
        if not (near := difflib.get_close_matches(key, missing, 1, 0.8)):
            continue
        kind = ProjectLoadError if near[0] in required else ProjectError
        what, fix = (
            f"Meltano ignores the unknown key `{key}`",
            f"Did you mean `{near[0]}`? Rename it.",
        )
        if near[0] in required or _is_clearly_meant(near[0], node):
            errors.found.append(node.build_error(what, fix, kind))
            meant[near[0]] = meant.pop(key)
        else:
            warnings.append(node.build_error(what, fix))
    return meant


def _is_clearly_meant(key: str, node: Node) -> bool:
    if key == "annotations":
        return node.is_mapping and any(map(is_like_vendor_key, node.as_mapping("annotations")))
    return looks_like_section(key, node)


def reject_unknown_keys(
    entries: Entries,
    known: Collection[str],
    what: str,
    errors: Errors,
    is_ours: Callable[[str], bool],
) -> Entries:
    """Return the entries of a job or environment with misspelled keys corrected.

    Meltano accepts no other keys there: every command in the project fails with a TypeError that
    does not name the place.

    Args:
        entries: As written.
        known: The keys it may have.
        what: Which of them it is.
        errors: Receives an error for each other key.
        is_ours: Whether a key was meant for our annotations, which have separate errors.
    """
    if entries.keys() <= set(known):
        return entries
    sections = list(find_misplaced_sections(entries, what, ProjectLoadError))
    errors.found += sections
    missing = [key for key in known if key not in entries]
    meant = dict(entries)
    for key, node in entries.items():
        # Keys after a section with too much indentation belong to that section.
        if key in known or key in SECTIONS or is_ours(key) or (sections and key in _OWNERS):
            continue
        near = find_nearest(key, missing)
        errors.found.append(
            node.build_error(
                f"unknown key `{key}` in {what}, for which Meltano rejects the whole project; "
                f"expected one of: {list_names(known)}",
                f"Did you mean `{near}`? Rename it."
                if near is not None
                else "Remove it. If it is a setting of DAGs and tasks, move it to "
                f"`annotations: {{meltano_pods: {{{key}: ...}}}}`.",
                ProjectLoadError,
            )
        )
        if near is not None:
            meant[near] = meant.pop(key)
    return meant
