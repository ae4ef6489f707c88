"""Reads the `plugins` section: names and annotations, never configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, Location, ProjectError, ProjectLoadError, combine_errors
from meltano_pods.names import find_nearest, list_names
from meltano_pods.project.model import Plugin, PluginType
from meltano_pods.project.sections.annotations import read_annotations
from meltano_pods.project.sections.keys import SECTIONS, find_misplaced_sections
from meltano_pods.project.yaml.fields import read_name, read_name_without_colon, read_optional_text
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meltano_pods.project.yaml.nodes import Entries, Node

_TYPES = {kind.value for kind in PluginType}
_Found = dict[tuple[PluginType, str], Plugin]


@dataclass(frozen=True, slots=True)
class Plugins:
    """The plugins that the `plugins` sections of all files define.

    Attributes:
        plugins: Every plugin that has a name.
        errors: Errors other than those of the plugins themselves.
        unreadable: Errors of plugins whose names could not be read, by type.
    """

    plugins: tuple[Plugin, ...]
    errors: tuple[ProjectError, ...]
    unreadable: Mapping[PluginType, Sequence[ProjectError]]


def read_plugins(sections: list[Node]) -> Plugins:
    """Read the `plugins` sections of all files."""
    reader = _PluginReader()
    for section in sections:
        errors = Errors()
        types: Entries = {}
        with errors:
            types = section.as_mapping("`plugins: {extractors: [...]}`", ProjectLoadError)
        reader.record_unreadable(PluginType, errors.found)
        # Meltano checks the type only of plugins, of which an empty list has none.
        indented = {key: types[key] for key in SECTIONS if key in types}
        empty = {key: node for key, node in indented.items() if node.is_empty}
        filled = {key: node for key, node in indented.items() if key not in empty}
        misplaced = [
            *find_misplaced_sections(empty, "`plugins`"),
            *find_misplaced_sections(filled, "`plugins`", ProjectLoadError),
        ]
        reader.errors += [*errors.found, *misplaced]
        for key, node in types.items():
            if not any(each.where == node.where for each in misplaced):
                reader.read(key, node)
    return Plugins(tuple(_resolve_parents(reader.found)), tuple(reader.errors), reader.unreadable)


class _PluginReader:
    """Reads plugins, section by section.

    Attributes:
        found: The plugins so far, by type and name.
        errors: As in `Plugins`.
        unreadable: As in `Plugins`.
    """

    def __init__(self) -> None:
        self.found: _Found = {}
        self.errors: list[ProjectError] = []
        self.unreadable: dict[PluginType, list[ProjectError]] = {}
        self._read_mappings: dict[str, Location] = {}

    def record_unreadable(
        self, kinds: Iterable[PluginType], errors: Sequence[ProjectError]
    ) -> None:
        """Record the errors of plugins whose names could not be read."""
        for kind in kinds if errors else ():
            self.unreadable.setdefault(kind, []).extend(errors)

    def read(self, key: str, node: Node) -> None:
        """Read the plugins of one type."""
        errors = Errors()
        # Meltano skips a list without plugins.
        is_skipped = node.is_list and node.is_empty
        kind = _read_type(key, node, errors, ProjectError if is_skipped else ProjectLoadError)
        self.errors += errors.found
        if kind is None:
            self.record_unreadable(PluginType, errors.found)
            return
        errors = Errors()
        with errors:
            for each in node.as_list(
                f"a list: `{key}: [{{name: ...}}]`", ProjectLoadError, empty=False
            ):
                self._add(_read_plugin(each, kind, self._read_mappings))
        self.record_unreadable([kind], errors.found)
        self.errors += errors.found

    def _add(self, plugin: Plugin) -> None:
        """Add a plugin; of two with the same name, the first one counts, as in Meltano."""
        first = self.found.get((plugin.type, plugin.name))
        if not plugin.name:
            self.record_unreadable([plugin.type], plugin.errors)
            self.errors += plugin.errors
        elif first is None:
            self.found[plugin.type, plugin.name] = plugin
        else:
            self.errors += plugin.errors
            self.errors.append(
                ProjectError(
                    f"the plugin {quote(plugin.name)} is defined twice among {plugin.type}, first "
                    f"in {first.where}",
                    plugin.where,
                    "Rename one of the two (`inherit_from` keeps the rest), or remove it.",
                )
            )


def parse_plugin_type(key: str, node: Node) -> PluginType:
    """Return the plugin type that a key of `plugins` names.

    Raises:
        ProjectError: Meltano has no such type.
    """
    errors = Errors()
    kind = _read_type(key, node, errors, ProjectLoadError)
    if kind is None or errors.found:
        raise combine_errors(errors.found)
    return kind


def _read_type(
    key: str, node: Node, errors: Errors, error: type[ProjectError]
) -> PluginType | None:
    """Return the plugin type that a key names or resembles."""
    if key in _TYPES:
        return PluginType(key)
    near = find_nearest(key, PluginType)
    errors.found.append(
        node.build_error(
            f"{quote(key)} is not a plugin type; expected one of: {list_names(PluginType)}",
            (f"Did you mean `{near}`? " if near else "")
            + "Move the plugins under one of these, as in `extractors: [{name: tap-example}]`.",
            error,
        )
    )
    return None if near is None else PluginType(near)


def _read_plugin(node: Node, kind: PluginType, mappings: dict[str, Location]) -> Plugin:
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.as_mapping("`- name: tap-example`", ProjectLoadError)
    name, inherit_from, variant = "", None, None
    commands: Entries = {}
    if entries or not errors.found:
        with errors:
            name = read_name_without_colon(
                node, entries, "plugin", "tap-example", "blocks use for commands"
            )
    with errors:
        inherit_from = read_optional_text(entries, "inherit_from", "`inherit_from: tap-example`")
    with errors:
        variant = read_optional_text(entries, "variant", "`variant: meltanolabs`")
    with errors:
        if "commands" in entries:
            commands = entries["commands"].as_mapping("`commands: {run: run}`", ProjectLoadError)
    with errors:
        # Meltano loads the project, but fails with a TypeError when the plugin runs.
        if "config" in entries and not entries["config"].is_empty:
            entries["config"].as_mapping("a map: `config: {path: orders.csv}`")
    if inherit_from == name:
        inherit_from = None
    namespace = entries.get("namespace")
    names = _read_mappings(entries, mappings, errors) if kind is PluginType.MAPPERS else ()
    annotations = read_annotations(entries, "plugin", node.where, errors)
    return Plugin(
        name=name,
        type=kind,
        inherit_from=inherit_from,
        # As written; whether the project has it is known when all plugins are read.
        parent=inherit_from if variant is None else None,
        variant=variant,
        custom=namespace is not None and not namespace.is_null and inherit_from is None,
        commands=tuple(commands),
        mappings=names,
        where=node.where,
        annotations=annotations,
        errors=tuple(errors.found),
    )


def _read_mappings(entries: Entries, found: dict[str, Location], errors: Errors) -> tuple[str, ...]:
    if "mappings" not in entries:
        return ()
    nodes: list[Node] = []
    with errors:
        nodes = entries["mappings"].as_list(
            "`mappings: [{name: ..., config: ...}]`", ProjectLoadError, empty=False
        )
    names: list[str] = []
    for each in nodes:
        with errors:
            fields = each.as_mapping("`- name: hide-emails`", ProjectLoadError)
            name = read_name(each, fields, "mapping", "hide-emails")
            if name in found:
                each.fail(
                    f"the mapping {quote(name)} is defined twice, first in {found[name]}",
                    "Rename one of the two: blocks name mappings without their mapper.",
                )
            found[name] = each.where
            names.append(name)
    return tuple(names)


def _resolve_parents(found: _Found) -> list[Plugin]:
    """Return the plugins with parents that exist in the project; others come from the Hub."""
    end: set[tuple[PluginType, str]] = set()
    circles: dict[tuple[PluginType, str], ProjectError] = {}
    for plugin in found.values():
        _find_circle(plugin, found, end, circles)
    plugins = []
    for key, plugin in found.items():
        if (error := circles.get(key)) is not None:
            plugins.append(replace(plugin, parent=None, errors=(*plugin.errors, error)))
        elif plugin.parent is None or (plugin.type, plugin.parent) in found:
            plugins.append(plugin)
        else:
            plugins.append(replace(plugin, parent=None))
    return plugins


def _find_circle(
    plugin: Plugin,
    found: _Found,
    end: set[tuple[PluginType, str]],
    circles: dict[tuple[PluginType, str], ProjectError],
) -> None:
    """Follow the plugins that a plugin extends, up to one without a circle."""
    names: dict[str, None] = {}
    above: Plugin | None = plugin
    while above is not None and (above.type, above.name) not in end:
        if above.name in names:
            circle = list(names)[list(names).index(above.name) :]
            text = " from ".join([*circle[:_MAX_SHOWN], above.name])
            at = found[above.type, above.name].where
            error = ProjectError(
                f"the plugin {quote(above.name)} extends itself: {text}",
                Location(at.file, at.line, f"{at.key}.inherit_from"),
                "Remove one of these `inherit_from`, or name another plugin.",
            )
            circles.update(dict.fromkeys(((plugin.type, name) for name in circle), error))
            break
        names[above.name] = None
        above = None if above.parent is None else found.get((above.type, above.parent))
    end.update((plugin.type, name) for name in names)


_MAX_SHOWN = 8
