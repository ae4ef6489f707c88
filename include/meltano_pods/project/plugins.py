"""Reads the `plugins` section: names and annotations, never configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import name_of, optional_text, shown
from meltano_pods.project.keys import refuse_sections
from meltano_pods.project.model import Plugin, PluginType

if TYPE_CHECKING:
    from meltano_pods.project.document import Entries, Node

_Found = dict[tuple[PluginType, str], Plugin]


def read_plugins(sections: list[Node]) -> tuple[Plugin, ...]:
    """Read the `plugins` sections of all files.

    Raises:
        ProjectError: An unknown plugin type, a plugin without a name, two of one name, or plugins
            that extend each other in a circle.
    """
    found: _Found = {}
    mappings: dict[str, Location] = {}
    for section in sections:
        types = section.mapping("`plugins: {extractors: [...]}`")
        refuse_sections(types, "`plugins`")
        for key, node in types.items():
            kind = plugin_type(key, node)
            for each in node.elements(f"a list: `{key}: [{{name: ...}}]`", empty=False):
                plugin = _read(each, kind, mappings)
                if (first := found.get((kind, plugin.name))) is not None:
                    each.fail(
                        f"the plugin {shown(plugin.name)} is defined twice among {kind}, first in "
                        f"{first.where}",
                        "Rename one of the two (`inherit_from` keeps the rest), or remove it.",
                    )
                found[kind, plugin.name] = plugin
    return tuple(_with_parents(found))


def plugin_type(key: str, node: Node) -> PluginType:
    """Return the plugin type that a key of `plugins` names.

    Raises:
        ProjectError: Meltano has no such type.
    """
    try:
        return PluginType(key)
    except ValueError:
        node.fail(
            f"{shown(key)} is no plugin type; Meltano has: {listed(PluginType)}",
            f"{suggestion(key, PluginType)}Move the plugins under one of these.",
        )


def _read(node: Node, kind: PluginType, mappings: dict[str, Location]) -> Plugin:
    entries = node.mapping("`- name: tap-example`")
    name = name_of(node, entries, "plugin", "tap-example")
    if ":" in name:
        entries["name"].fail(
            f"the plugin's name {shown(name)} holds a colon, which blocks use for commands",
            "Rename it without the colon.",
        )
    inherit_from = optional_text(entries, "inherit_from", "`inherit_from: tap-example`")
    if inherit_from == name:
        inherit_from = None
    variant = optional_text(entries, "variant", "`variant: meltanolabs`")
    commands = (
        entries["commands"].mapping("`commands: {run: run}`") if "commands" in entries else {}
    )
    namespace = entries.get("namespace")
    return Plugin(
        name=name,
        type=kind,
        inherit_from=inherit_from,
        # As written; that there is one in the project is known when all are read.
        parent=inherit_from if variant is None else None,
        variant=variant,
        custom=namespace is not None and not namespace.is_null and inherit_from is None,
        commands=tuple(commands),
        mappings=_mappings(entries, mappings) if kind is PluginType.MAPPERS else (),
        where=node.where,
        annotations=read_annotations(entries, "plugin", node.where),
    )


def _mappings(entries: Entries, found: dict[str, Location]) -> tuple[str, ...]:
    if "mappings" not in entries:
        return ()
    names: list[str] = []
    for each in entries["mappings"].elements("`mappings: [{name: ..., config: ...}]`", empty=False):
        fields = each.mapping("`- name: hide-emails`")
        name = name_of(each, fields, "mapping", "hide-emails")
        if name in found:
            each.fail(
                f"the mapping {shown(name)} is defined twice, first in {found[name]}",
                "Rename one of the two: blocks name mappings without their mapper.",
            )
        found[name] = each.where
        names.append(name)
    return tuple(names)


def _with_parents(found: _Found) -> list[Plugin]:
    """Return the plugins with parents that exist; what is not in the project comes from the Hub."""
    end: set[tuple[PluginType, str]] = set()
    for plugin in found.values():
        _refuse_circle(plugin, found, end)
    return [
        plugin
        if plugin.parent is None or (plugin.type, plugin.parent) in found
        else replace(plugin, parent=None)
        for plugin in found.values()
    ]


def _refuse_circle(plugin: Plugin, found: _Found, end: set[tuple[PluginType, str]]) -> None:
    """Follow what a plugin extends, up to where it is known to end."""
    names: dict[str, None] = {}
    above: Plugin | None = plugin
    while above is not None and (above.type, above.name) not in end:
        if above.name in names:
            circle = " from ".join([*list(names)[:_SHOWN], above.name])
            raise ProjectError(
                f"the plugin {shown(plugin.name)} extends itself: {circle}",
                Location(plugin.where.file, plugin.where.line, f"{plugin.where.key}.inherit_from"),
                "Remove one `inherit_from` of these, or name a plugin that is none of them.",
            )
        names[above.name] = None
        above = None if above.parent is None else found.get((above.type, above.parent))
    end.update((plugin.type, name) for name in names)


_SHOWN = 8
