"""Reads the `environments` section: names and annotations, those of their plugins among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import name_of, optional_text, shown
from meltano_pods.project.keys import refuse_others
from meltano_pods.project.model import Annotations, Environment, PluginType
from meltano_pods.project.plugins import plugin_type

if TYPE_CHECKING:
    from meltano_pods.project.document import Entries, Node

_KEYS = ("name", "config", "env", "state_id_suffix", "annotations")


def read_environment(node: Node) -> Environment:
    """Read one entry of `environments`.

    Raises:
        ProjectError: It has no name, a key that Meltano does not know, or a part of a wrong form.
    """
    entries = node.mapping("`- name: dev`")
    # First: it knows better what to do about `meltano_pods` as a key of the environment.
    annotations = read_annotations(entries, "environment", node.where)
    refuse_others(entries, _KEYS, "an environment")
    name = name_of(node, entries, "environment", "dev")
    if ":" in name:
        entries["name"].fail(
            f"the environment's name {shown(name)} holds a colon, which state ids are split at",
            "Rename it without the colon.",
        )
    return Environment(
        name=name,
        where=node.where,
        annotations=annotations,
        state_id_suffix=optional_text(entries, "state_id_suffix", "`state_id_suffix: blue`"),
        plugins=_plugins(entries),
    )


def _plugins(entries: Entries) -> dict[tuple[PluginType, str], Annotations]:
    """Return what the environment says of plugins; like Meltano, whether they exist or not."""
    config = entries["config"].mapping("`config: {plugins: ...}`") if "config" in entries else {}
    if "plugins" not in config:
        return {}
    found: dict[tuple[PluginType, str], Annotations] = {}
    for key, node in config["plugins"].mapping("`plugins: {extractors: [...]}`").items():
        kind = plugin_type(key, node)
        for each in node.elements(f"a list: `{key}: [{{name: ...}}]`", empty=False):
            fields = each.mapping("`- {name: tap-example, config: {...}}`")
            name = name_of(each, fields, "plugin", "tap-example")
            # The first one counts, as for Meltano.
            found.setdefault((kind, name), read_annotations(fields, "plugin", each.where))
    return found
