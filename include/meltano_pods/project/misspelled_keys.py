"""Finds keys of a plugin, and of its `config`, that seem to be misspelled.

Meltano hands a plugin all that is written there, so a plugin ignores `start_dat` and nothing in the
log tells. Plugins take settings that their definition does not list, too: only a key that is nearly
one of the listed ones is worth a warning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from meltano_pods.project.configured_settings import ConfiguredSettings
    from meltano_pods.project.model import Plugin, Project
    from meltano_pods.project.yaml.nodes import Node

_SHORT = 4
"""Shorter names are all too much alike."""
_LONG = 10
"""In a name of this length two letters may differ, else one."""
# What plugins of the Singer SDK take by themselves; definitions list some of them.
_COMMON = (
    "add_record_metadata", "batch_config", "batch_size_rows", "batch_wait_limit_seconds",
    "default_target_schema", "faker_config", "flattening_enabled", "flattening_max_depth",
    "flattening_max_key_length", "flattening_separator", "hard_delete", "load_method",
    "process_activate_version_messages", "stream_map_config", "stream_maps", "validate_records",
)  # fmt: skip


# All else in a plugin is an extra of its own, which Meltano keeps and nothing reads.
_OF_PLUGINS = (
    "annotations", "capabilities", "catalog", "commands", "config", "description", "dialect",
    "docs", "env", "executable", "inherit_from", "label", "load_schema", "logo_url", "mappings",
    "metadata",
    "name", "namespace", "pip_url", "python", "repo", "requires", "schema", "select",
    "select_filter", "settings", "settings_group_validation", "state", "target_schema", "update",
    "use_cached_catalog", "variant", "venv",
)  # fmt: skip


def misspelled_keys(project: Project, settings: ConfiguredSettings) -> Iterator[ProjectError]:
    """Yield a warning for each key of a plugin that is nearly one that Meltano reads.

    Args:
        project: The project.
        settings: What its files configure.
    """
    for plugin in project.plugins:
        entries = settings.keys(plugin)
        for name, node in entries.items():
            if name in _OF_PLUGINS or name.startswith(("_", "x-")):
                continue
            meant = [each for each in _OF_PLUGINS if each not in entries and _is_like(name, each)]
            if meant:
                near = min(meant, key=lambda each: (_distance(name, each), each))
                yield ProjectError(
                    f"Meltano reads no key {shown(name)} of a plugin, so that it has no effect",
                    node.where,
                    f"Did you mean `{near}`? Rename it.",
                )


def misspelled_settings(project: Project, settings: ConfiguredSettings) -> Iterator[ProjectError]:
    """Yield a warning for each key of a plugin's `config` that is nearly one of its settings.

    Args:
        project: The project.
        settings: What its files configure.
    """
    for plugin in project.plugins:
        known = settings.defined(plugin)
        for config in settings.configs(plugin) if known else ():
            for name, node in config.items():
                if not name.startswith("_"):  # an extra of Meltano's, such as `_select`
                    yield from _check(name, node, plugin, known, config)


def _check(
    name: str, node: Node, plugin: Plugin, known: Collection[str], config: Mapping[str, object]
) -> Iterator[ProjectError]:
    parts = name.split(".")
    above = [".".join(parts[:number]) for number in range(1, len(parts) + 1)]
    if any(each in known or each in _COMMON for each in above):
        return
    if any(each.startswith(f"{name}.") for each in known):
        for key, inner in node.mapping("").items() if node.is_mapping else ():
            yield from _check(f"{name}.{key}", inner, plugin, known, config)
        return
    meant = [each for each in known if each not in config and _is_like(name, each)]
    if meant:
        near = min(meant, key=lambda each: (_distance(name, each), each))
        yield ProjectError(
            f"{shown(name)} is none of the settings in the definition of {plugin.name}, which may "
            "ignore it",
            node.where,
            f"Did you mean `{near}`? If it is meant as it is, list it: `settings: [{{name: "
            f"{name}}}]` of the plugin.",
        )


def _is_like(name: str, other: str) -> bool:
    """Whether one is likely to be a misspelling of the other."""
    if _folded(name) == _folded(other):
        return True
    if re.sub(r"\d", "", name) == re.sub(r"\d", "", other):
        return False
    length = min(len(name), len(other))
    return length >= _SHORT and _distance(name, other) <= (2 if length >= _LONG else 1)


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())


def _distance(name: str, other: str) -> int:
    """Return how many letters were added, left out, changed, or swapped with the next one."""
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
