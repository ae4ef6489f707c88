"""Reads the `environments` section: names and annotations, those of their plugins among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.project.model import Environment, PluginType
from meltano_pods.project.sections.annotations import is_meant_for_us, read_annotations
from meltano_pods.project.sections.keys import read_closed
from meltano_pods.project.sections.meltano_settings import find_ignored_state
from meltano_pods.project.sections.plugins import plugin_type
from meltano_pods.project.yaml.fields import name_of, name_without_colon, optional_text

if TYPE_CHECKING:
    from meltano_pods.errors import ProjectError
    from meltano_pods.project.yaml.nodes import Entries, Node
    from meltano_pods.settings.layers import Layer

_KEYS = ("name", "config", "env", "state_id_suffix", "annotations")


def read_environment(node: Node) -> Environment:
    """Read one entry of `environments`; what is wrong with it is among its `errors`."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.mapping("`- name: dev`", ProjectLoadError)
    # First: it knows better what to do about `meltano_pods` as a key of the environment.
    annotations = read_annotations(entries, "environment", node.where, errors)
    entries = read_closed(entries, _KEYS, "an environment", errors, is_meant_for_us)
    name, suffix = "", None
    if not errors.found or entries:
        with errors:
            name = name_without_colon(node, entries, "environment", "dev", "state ids are split at")
        with errors:
            suffix = optional_text(entries, "state_id_suffix", "`state_id_suffix: blue`")
    plugins = _plugins(entries, errors)
    warnings: list[ProjectError] = []
    with Errors():  # whoever reads it says what cannot be read
        warnings += find_ignored_state(entries)
    return Environment(
        name=name,
        where=node.where,
        annotations=annotations,
        state_id_suffix=suffix,
        plugins=plugins,
        errors=tuple(errors.found),
        warnings=tuple(warnings),
    )


def _plugins(entries: Entries, errors: Errors) -> dict[tuple[PluginType, str], Layer]:
    """Return what the environment says of plugins; like Meltano, whether they exist or not."""
    found: dict[tuple[PluginType, str], Layer] = {}
    types: Entries = {}
    with errors:
        if "config" in entries:
            config = entries["config"].mapping("`config: {plugins: ...}`", ProjectLoadError)
            if "plugins" in config:
                types = config["plugins"].mapping(
                    "`plugins: {extractors: [...]}`", ProjectLoadError
                )
    for key, node in types.items():
        with errors:
            kind = plugin_type(key, node)
            for each in node.elements(
                f"a list: `{key}: [{{name: ...}}]`", ProjectLoadError, empty=False
            ):
                with errors:
                    fields = each.mapping(
                        "`- {name: tap-example, config: {...}}`", ProjectLoadError
                    )
                    name = name_of(each, fields, "plugin", "tap-example")
                    annotations = read_annotations(fields, "plugin", each.where, errors)
                    # The first one counts, as for Meltano.
                    found.setdefault((kind, name), annotations)
    return found
