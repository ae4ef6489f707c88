"""Reads the `environments` section: names and annotations, including those of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.project.model import Environment, PluginType
from meltano_pods.project.sections.annotations import is_like_vendor_key, read_annotations
from meltano_pods.project.sections.keys import reject_unknown_keys
from meltano_pods.project.sections.meltano_settings import find_ignored_state
from meltano_pods.project.sections.plugins import parse_plugin_type
from meltano_pods.project.yaml.fields import read_name, read_name_without_colon, read_optional_text

if TYPE_CHECKING:
    from meltano_pods.errors import ProjectError
    from meltano_pods.project.yaml.nodes import Entries, Node
    from meltano_pods.settings.layers import Layer

_KEYS = ("name", "config", "env", "state_id_suffix", "annotations")


def read_environment(node: Node) -> Environment:
    """Read one entry of `environments`; its `errors` contain what is wrong with it."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.as_mapping("`- name: dev`", ProjectLoadError)
    # First, for the better error about a key `meltano_pods` of the environment.
    annotations = read_annotations(entries, "environment", node.where, errors)
    entries = reject_unknown_keys(entries, _KEYS, "an environment", errors, is_like_vendor_key)
    name, suffix = "", None
    if not errors.found or entries:
        with errors:
            name = read_name_without_colon(
                node, entries, "environment", "dev", "state ids are split at"
            )
        with errors:
            suffix = read_optional_text(entries, "state_id_suffix", "`state_id_suffix: blue`")
    plugins = _read_plugins(entries, errors)
    warnings: list[ProjectError] = []
    with Errors():  # the errors of `config` are collected above
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


def _read_plugins(entries: Entries, errors: Errors) -> dict[tuple[PluginType, str], Layer]:
    """Return the annotations of plugins; as in Meltano, these need not exist."""
    found: dict[tuple[PluginType, str], Layer] = {}
    types: Entries = {}
    with errors:
        if "config" in entries:
            config = entries["config"].as_mapping("`config: {plugins: ...}`", ProjectLoadError)
            if "plugins" in config:
                types = config["plugins"].as_mapping(
                    "`plugins: {extractors: [...]}`", ProjectLoadError
                )
    for key, node in types.items():
        with errors:
            kind = parse_plugin_type(key, node)
            for each in node.as_list(
                f"a list: `{key}: [{{name: ...}}]`", ProjectLoadError, empty=False
            ):
                with errors:
                    fields = each.as_mapping(
                        "`- {name: tap-example, config: {...}}`", ProjectLoadError
                    )
                    name = read_name(each, fields, "plugin", "tap-example")
                    annotations = read_annotations(fields, "plugin", each.where, errors)
                    # The first one counts, as in Meltano.
                    found.setdefault((kind, name), annotations)
    return found
