"""The settings with a value in a project's files, and the variables that take precedence over it.

Meltano 4.4.1 looks up a setting of a plugin in the environment, by the plugin's name and its
namespace, then in meltano.yml, then in the plugin that it extends, in the same order
(`core/settings_store.py`, `core/plugin/settings_service.py`, `core/setting_definition.py`). Values
may be secrets, so only one thing is read of them: whether they are a reference to a variable.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.project.model import PluginType
from meltano_pods.project.references.lock_files import get_lock_file
from meltano_pods.project.variables import find_references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meltano_pods.errors import Location
    from meltano_pods.project.model import Plugin, Project
    from meltano_pods.project.yaml.nodes import Entries, Node

_EXTRAS = (
    "catalog", "dialect", "load_schema", "metadata", "schema", "select", "select_filter", "state",
    "target_schema", "use_cached_catalog",
)  # fmt: skip
# At the top of meltano.yml, all else is a setting of Meltano itself.
_SECTIONS = (
    "annotations", "default_environment", "env", "environments", "include_paths", "jobs", "plugins",
    "requires_meltano", "schedules", "version",
)  # fmt: skip
_Names = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ConfiguredSetting:
    """A setting with a value in a project's files.

    Attributes:
        name: Its dotted name.
        owner: Name of the plugin, or `Meltano`.
        variables: The variables that take precedence over the value.
        references: The variables that the value refers to.
        where: Place of the value.
    """

    name: str
    owner: str
    variables: frozenset[str]
    references: frozenset[str]
    where: Location


class ConfiguredSettings:
    """The settings of a project's plugins, and of Meltano itself.

    Args:
        project: The project.
        files: The entries of its files.
    """

    def __init__(self, project: Project, files: Sequence[Entries]) -> None:
        self._project = project
        self._files = files
        self._plugins: dict[tuple[str, str], Entries] = {}
        self._environments: dict[tuple[str, str, str], Entries] = {}
        for file in self._files:
            for key, entries in _iter_plugin_entries(file):
                self._plugins.setdefault(key, entries)
            for environment in _read_list(file.get("environments")):
                name = _read_text(environment.get("name"))
                for key, entries in _iter_plugin_entries(_read_mapping(environment.get("config"))):
                    self._environments.setdefault((name, *key), entries)

    def find_meltano_settings(self) -> list[ConfiguredSetting]:
        """Return Meltano's own settings; if several files have a key, the last one counts."""
        found: dict[str, ConfiguredSetting] = {}
        for file in self._files:
            sections = {key: node for key, node in file.items() if key not in _SECTIONS}
            for path, node in _iter_leaves(sections):
                variables = {_build_variable_name("meltano", path)} - {node.reference}
                found[path] = ConfiguredSetting(
                    path, "Meltano", frozenset(variables), _find_references(node), node.where
                )
        return list(found.values())

    def find_plugin_settings(
        self, plugin: Plugin, environment: str | None
    ) -> list[ConfiguredSetting]:
        """Return the settings of a plugin, including those of what it extends.

        Args:
            plugin: One of the project.
            environment: Name of the Meltano environment; None for none.
        """
        found: dict[str, ConfiguredSetting] = {}
        lineage = self._project.get_lineage(plugin)
        aliases: dict[str, set[str]] = {}
        for depth, each in enumerate(lineage):
            for name, more in self._get_aliases(each).items():
                aliases.setdefault(name, set()).update(more)
            for path, node in self._iter_values(each, environment):
                variables = {
                    _build_variable_name(prefix, name)
                    for heir in lineage[depth:]
                    for prefix in self._get_prefixes(heir)
                    for name in (path, *aliases.get(path, ()))
                }
                variables.update(self._iter_env_aliases(lineage[depth:], path))
                found[path] = ConfiguredSetting(
                    path.removeprefix("_"),
                    plugin.name,
                    frozenset(variables - {node.reference}),
                    _find_references(node),
                    node.where,
                )
        return list(found.values())

    def find_defined_names(self, plugin: Plugin) -> set[str]:
        """Return the names of all settings of a plugin; none if its definition is not available."""
        lineage = self._project.get_lineage(plugin)
        if not lineage[0].custom and not _read_lock_file(self._project, lineage[0])[1]:
            return set()  # only Meltano Hub knows them
        return {
            name
            for each in lineage
            for first, more in self._iter_definitions(each)
            for name in (first, *more["aliases"])
        }

    def iter_configs(self, plugin: Plugin) -> Iterator[Entries]:
        """Yield `config` of a plugin: from its own entry, then from each environment."""
        key = (str(plugin.type), plugin.name)
        environments = (each for (_, *of), each in self._environments.items() if tuple(of) == key)
        for entries in (self._plugins.get(key, {}), *environments):
            yield _read_mapping(entries.get("config"))

    def get_entries(self, plugin: Plugin) -> Entries:
        """Return the keys of a plugin's own entry."""
        return self._plugins.get((str(plugin.type), plugin.name), {})

    def _iter_values(self, plugin: Plugin, environment: str | None) -> Iterator[tuple[str, Node]]:
        """Yield the values of one plugin, those of the environment last."""
        key = (str(plugin.type), plugin.name)
        for entries in (
            self._plugins.get(key, {}),
            self._environments.get((environment or "", *key), {}),
        ):
            yield from _iter_leaves(_read_mapping(entries.get("config")))
            yield from ((f"_{name}", entries[name]) for name in _EXTRAS if name in entries)

    def _get_prefixes(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the prefixes of a plugin's variables."""
        if plugin.inherit_from is not None:
            return (plugin.name,)
        entries = self._plugins.get((str(plugin.type), plugin.name), {})
        namespace = (
            _read_text(entries.get("namespace")) or _read_lock_file(self._project, plugin)[0]
        )
        return tuple(dict.fromkeys(filter(None, (plugin.name, namespace))))

    def _iter_definitions(self, plugin: Plugin) -> Iterator[tuple[str, _Names]]:
        """Yield the names of a plugin's defined settings, each with its aliases by key."""
        entries = self._plugins.get((str(plugin.type), plugin.name), {})
        for each in _read_list(entries.get("settings")):
            more = {key: tuple(_read_texts(each.get(key))) for key in ("aliases", "env_aliases")}
            yield _read_text(each.get("name")), more
        yield from _read_lock_file(self._project, plugin)[1].items()

    def _get_aliases(self, plugin: Plugin) -> dict[str, tuple[str, ...]]:
        return {name: more["aliases"] for name, more in self._iter_definitions(plugin)}

    def _iter_env_aliases(self, plugins: Iterable[Plugin], path: str) -> Iterator[str]:
        """Yield the variables that a definition lists, which inheriting plugins do not read."""
        for plugin in plugins:
            if plugin.inherit_from is None:
                for name, more in self._iter_definitions(plugin):
                    if name == path:
                        yield from (each.removeprefix("!") for each in more["env_aliases"])


def _read_lock_file(project: Project, plugin: Plugin) -> tuple[str, dict[str, _Names]]:
    """Return the namespace and the settings' aliases in a plugin's lock file."""
    if plugin.custom or plugin.parent is not None or plugin.type is PluginType.MAPPINGS:
        return "", {}
    try:
        data = json.loads(get_lock_file(project.path, plugin).read_text(encoding="utf-8"))
        settings = {
            str(each["name"]): {
                key: tuple(map(str, each.get(key) or ())) for key in ("aliases", "env_aliases")
            }
            for each in data.get("settings") or ()
        }
        return str(data.get("namespace") or ""), settings
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", {}  # Meltano reports what is wrong with it


def _iter_plugin_entries(file: Entries) -> Iterator[tuple[tuple[str, str], Entries]]:
    for kind, node in _read_mapping(file.get("plugins")).items():
        for entries in _read_list(node):
            yield (kind, _read_text(entries.get("name"))), entries


def _iter_leaves(entries: Entries, above: str = "") -> Iterator[tuple[str, Node]]:
    for key, node in entries.items():
        path = f"{above}{key}"
        inner = _read_mapping(node) if node.kind == "a mapping" else {}
        if inner:
            yield from _iter_leaves(inner, f"{path}.")
        elif not node.is_null:
            yield path, node


def _find_references(node: Node) -> frozenset[str]:
    """Return the names of the variables that a value, or an element of it, refers to."""
    if node.is_list:
        return frozenset().union(*map(_find_references, node.as_list("")))
    return frozenset(find_references(node.stringify() or ""))


def _build_variable_name(*names: str) -> str:
    """Return the name of a variable as Meltano builds it."""
    return "_".join(re.sub(r"[^A-Za-z0-9]", "_", name).upper() for name in names)


# A value of another type configures nothing; the reader reports it.


def _read_mapping(node: Node | None) -> Entries:
    with suppress(ProjectError):
        return {} if node is None else node.as_mapping("")
    return {}


def _read_list(node: Node | None) -> list[Entries]:
    with suppress(ProjectError):
        return [] if node is None else [_read_mapping(each) for each in node.as_list("")]
    return []


def _read_text(node: Node | None) -> str:
    with suppress(ProjectError):
        return "" if node is None or node.is_null else node.as_string("")
    return ""


def _read_texts(node: Node | None) -> list[str]:
    with suppress(ProjectError):
        return [] if node is None else [_read_text(each) for each in node.as_list("")]
    return []
