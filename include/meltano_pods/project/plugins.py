"""Reads the `plugins` section: names and annotations, never configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import listed, suggestion
from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import shown
from meltano_pods.project.model import Plugin, PluginType

if TYPE_CHECKING:
    from meltano_pods.project.document import Node


def read_plugins(sections: list[Node]) -> tuple[Plugin, ...]:
    """Read the `plugins` sections of all files.

    Raises:
        ProjectError: An unknown plugin type, a plugin without a name, or two of one name.
    """
    found: dict[tuple[PluginType, str], Plugin] = {}
    for section in sections:
        for key, node in section.mapping("`plugins: {extractors: [...]}`").items():
            kind = _type(key, node)
            for each in node.elements(f"a list: `{key}: [{{name: ...}}]`"):
                plugin = _read(each, kind)
                if (first := found.get((kind, plugin.name))) is not None:
                    each.fail(
                        f"the plugin {shown(plugin.name)} is defined twice among {kind}, first in "
                        f"{first.where}",
                        "Rename one of the two (`inherit_from` keeps the rest), or remove it.",
                    )
                found[kind, plugin.name] = plugin
    return tuple(found.values())


def _type(key: str, node: Node) -> PluginType:
    try:
        return PluginType(key)
    except ValueError:
        node.fail(
            f"{shown(key)} is no plugin type; Meltano has: {listed(PluginType)}",
            f"{suggestion(key, PluginType)}Move the plugins under one of these.",
        )


def _read(node: Node, kind: PluginType) -> Plugin:
    entries = node.mapping("`- name: tap-example`")
    if "name" not in entries:
        node.fail("the plugin has no `name`", "Add one: `- name: tap-example`.")
    name = entries["name"].text("`name: tap-example`")
    if ":" in name:
        entries["name"].fail(
            f"the plugin's name {shown(name)} holds a colon, which blocks use for commands",
            "Rename it without the colon.",
        )
    parent = entries.get("inherit_from")
    mappings: list[str] = []
    if kind is PluginType.MAPPERS and "mappings" in entries:
        for each in entries["mappings"].elements("`mappings: [{name: ..., config: ...}]`"):
            fields = each.mapping("`- name: hide-emails`")
            if "name" not in fields:
                each.fail("the mapping has no `name`", "Add one: `- name: hide-emails`.")
            mappings.append(fields["name"].text("`name: hide-emails`"))
    return Plugin(
        name=name,
        type=kind,
        inherit_from=None if parent is None or parent.is_null else parent.text("a plugin's name"),
        mappings=tuple(mappings),
        where=node.where,
        annotations=read_annotations(entries, "plugin", node.where),
    )
