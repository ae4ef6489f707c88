"""Finds keys of a plugin, and of its `config`, that seem to be misspelled.

Meltano passes the whole `config` to a plugin, which silently ignores `start_dat`. Plugins also
accept settings that their definition does not list, so only a key that is similar to a listed one
is worth a warning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from meltano_pods.project.configured_settings import ConfiguredSettings
    from meltano_pods.project.model import Plugin, Project
    from meltano_pods.project.yaml.nodes import Node

_SHORT = 4
"""Shorter names are all similar."""
_LONG = 10
"""From this length on, names with two edits are similar; shorter ones with one."""
# Settings that all plugins of the Singer SDK accept; definitions list some of them.
_COMMON = (
    "add_record_metadata", "batch_config", "batch_size_rows", "batch_wait_limit_seconds",
    "default_target_schema", "faker_config", "flattening_enabled", "flattening_max_depth",
    "flattening_max_key_length", "flattening_separator", "hard_delete", "load_method",
    "process_activate_version_messages", "stream_map_config", "stream_maps", "validate_records",
)  # fmt: skip


# Meltano keeps any other key of a plugin as an extra, which nothing reads.
_PLUGIN_KEYS = (
    "annotations", "capabilities", "catalog", "commands", "config", "description", "dialect",
    "docs", "env", "executable", "inherit_from", "label", "load_schema", "logo_url", "mappings",
    "metadata",
    "name", "namespace", "pip_url", "python", "repo", "requires", "schema", "select",
    "select_filter", "settings", "settings_group_validation", "state", "target_schema", "update",
    "use_cached_catalog", "variant", "venv",
)  # fmt: skip


def find_misspelled_keys(project: Project, settings: ConfiguredSettings) -> Iterator[ProjectError]:
    """Yield a warning for each key of a plugin that is similar to one that Meltano reads.

    Args:
        project: The project.
        settings: The settings with a value in its files.
    """
    for plugin in project.plugins:
        entries = settings.get_entries(plugin)
        for name, node in entries.items():
            if name in _PLUGIN_KEYS or name.startswith(("_", "x-")):
                continue
            meant = [
                each for each in _PLUGIN_KEYS if each not in entries and _is_similar(name, each)
            ]
            if meant:
                near = min(meant, key=lambda each: (_count_edits(name, each), each))
                yield ProjectError(
                    f"Meltano ignores the unknown key {quote(name)} of a plugin",
                    node.where,
                    f"Did you mean `{near}`? Rename it.",
                )


def find_misspelled_settings(
    project: Project, settings: ConfiguredSettings
) -> Iterator[ProjectError]:
    """Yield a warning for each key of a plugin's `config` that is similar to one of its settings.

    Args:
        project: The project.
        settings: The settings with a value in its files.
    """
    for plugin in project.plugins:
        known = settings.find_defined_names(plugin)
        for config in settings.iter_configs(plugin) if known else ():
            for name, node in config.items():
                if not name.startswith("_"):  # an extra of Meltano's, such as `_select`
                    yield from _check_key(name, node, plugin, known, config)


def _check_key(
    name: str, node: Node, plugin: Plugin, known: Collection[str], config: Mapping[str, object]
) -> Iterator[ProjectError]:
    parts = name.split(".")
    above = [".".join(parts[:number]) for number in range(1, len(parts) + 1)]
    if any(each in known or each in _COMMON for each in above):
        return
    if any(each.startswith(f"{name}.") for each in known):
        for key, inner in node.as_mapping("").items() if node.is_mapping else ():
            yield from _check_key(f"{name}.{key}", inner, plugin, known, config)
        return
    meant = [each for each in known if each not in config and _is_similar(name, each)]
    if meant:
        near = min(meant, key=lambda each: (_count_edits(name, each), each))
        yield ProjectError(
            f"{quote(name)} is not a setting in the definition of {plugin.name}, which may "
            "ignore it",
            node.where,
            f"Did you mean `{near}`? If it is correct, list it: `settings: [{{name: "
            f"{name}}}]` of the plugin.",
        )


def _is_similar(name: str, other: str) -> bool:
    """Whether one is probably a misspelling of the other."""
    if _fold(name) == _fold(other):
        return True
    if re.sub(r"\d", "", name) == re.sub(r"\d", "", other):
        return False
    length = min(len(name), len(other))
    return length >= _SHORT and _count_edits(name, other) <= (2 if length >= _LONG else 1)


def _fold(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())


def _count_edits(name: str, other: str) -> int:
    """Return the number of letters inserted, deleted, changed, or swapped with the next one."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(name, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == name[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
