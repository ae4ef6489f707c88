"""Which settings a project's files give a value, and the variables that Meltano prefers to it.

As Meltano 4.4.1 looks a setting of a plugin up: in the environment by the plugin's name and its
namespace, then in meltano.yml, then at the plugin that it extends, in the same order
(`core/settings_store.py`, `core/plugin/settings_service.py`, `core/setting_definition.py`). Values
may be secrets: all that is read of one is whether it is nothing but a reference to a variable.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.project.model import PluginType
from meltano_pods.project.references.lock_files import lock_file
from meltano_pods.project.variables import references_in

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
_NO_SETTINGS = (
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
        variables: Those that Meltano prefers to the value.
        references: Those that the value refers to.
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
            for key, entries in _plugin_entries(file):
                self._plugins.setdefault(key, entries)
            for environment in _elements(file.get("environments")):
                name = _text(environment.get("name"))
                for key, entries in _plugin_entries(_mapping(environment.get("config"))):
                    self._environments.setdefault((name, *key), entries)

    def of_meltano(self) -> list[ConfiguredSetting]:
        """Return Meltano's own; of keys in several files the last one's counts."""
        found: dict[str, ConfiguredSetting] = {}
        for file in self._files:
            sections = {key: node for key, node in file.items() if key not in _NO_SETTINGS}
            for path, node in _leaves(sections):
                variables = {_variable("meltano", path)} - {node.reference}
                found[path] = ConfiguredSetting(
                    path, "Meltano", frozenset(variables), _references(node), node.where
                )
        return list(found.values())

    def of(self, plugin: Plugin, environment: str | None) -> list[ConfiguredSetting]:
        """Return those of a plugin, what it extends included.

        Args:
            plugin: One of the project.
            environment: Name of the Meltano environment; None for none.
        """
        found: dict[str, ConfiguredSetting] = {}
        lineage = self._project.lineage_of(plugin)
        aliases: dict[str, set[str]] = {}
        for depth, each in enumerate(lineage):
            for name, more in self._aliases(each).items():
                aliases.setdefault(name, set()).update(more)
            for path, node in self._values(each, environment):
                variables = {
                    _variable(prefix, name)
                    for heir in lineage[depth:]
                    for prefix in self._prefixes(heir)
                    for name in (path, *aliases.get(path, ()))
                }
                variables.update(self._custom(lineage[depth:], path))
                found[path] = ConfiguredSetting(
                    path.removeprefix("_"),
                    plugin.name,
                    frozenset(variables - {node.reference}),
                    _references(node),
                    node.where,
                )
        return list(found.values())

    def defined(self, plugin: Plugin) -> set[str]:
        """Return all names of a plugin's settings; none where its definition is not known here."""
        lineage = self._project.lineage_of(plugin)
        if not lineage[0].custom and not _locked(self._project, lineage[0])[1]:
            return set()  # only Meltano Hub knows them
        return {
            name
            for each in lineage
            for first, more in self._definitions(each)
            for name in (first, *more["aliases"])
        }

    def configs(self, plugin: Plugin) -> Iterator[Entries]:
        """Yield what each place says under `config` of a plugin: its own, and environments'."""
        key = (str(plugin.type), plugin.name)
        environments = (each for (_, *of), each in self._environments.items() if tuple(of) == key)
        for entries in (self._plugins.get(key, {}), *environments):
            yield _mapping(entries.get("config"))

    def keys(self, plugin: Plugin) -> Entries:
        """Return what is written for a plugin in its own entry."""
        return self._plugins.get((str(plugin.type), plugin.name), {})

    def _values(self, plugin: Plugin, environment: str | None) -> Iterator[tuple[str, Node]]:
        """Yield what is written for one plugin; what the environment says of it comes last."""
        key = (str(plugin.type), plugin.name)
        for entries in (
            self._plugins.get(key, {}),
            self._environments.get((environment or "", *key), {}),
        ):
            yield from _leaves(_mapping(entries.get("config")))
            yield from ((f"_{name}", entries[name]) for name in _EXTRAS if name in entries)

    def _prefixes(self, plugin: Plugin) -> tuple[str, ...]:
        """Return what a plugin's own variables begin with."""
        if plugin.inherit_from is not None:
            return (plugin.name,)
        entries = self._plugins.get((str(plugin.type), plugin.name), {})
        namespace = _text(entries.get("namespace")) or _locked(self._project, plugin)[0]
        return tuple(dict.fromkeys(filter(None, (plugin.name, namespace))))

    def _definitions(self, plugin: Plugin) -> Iterator[tuple[str, _Names]]:
        """Yield the names of a plugin's defined settings, each with its other names by key."""
        entries = self._plugins.get((str(plugin.type), plugin.name), {})
        for each in _elements(entries.get("settings")):
            more = {key: tuple(_texts(each.get(key))) for key in ("aliases", "env_aliases")}
            yield _text(each.get("name")), more
        yield from _locked(self._project, plugin)[1].items()

    def _aliases(self, plugin: Plugin) -> dict[str, tuple[str, ...]]:
        return {name: more["aliases"] for name, more in self._definitions(plugin)}

    def _custom(self, plugins: Iterable[Plugin], path: str) -> Iterator[str]:
        """Yield the variables that a definition names itself, which heirs do not read."""
        for plugin in plugins:
            if plugin.inherit_from is None:
                for name, more in self._definitions(plugin):
                    if name == path:
                        yield from (each.removeprefix("!") for each in more["env_aliases"])


def _locked(project: Project, plugin: Plugin) -> tuple[str, dict[str, _Names]]:
    """Return the namespace and the settings' other names that a plugin's lock file says."""
    if plugin.custom or plugin.parent is not None or plugin.type is PluginType.MAPPINGS:
        return "", {}
    try:
        data = json.loads(lock_file(project.path, plugin).read_text(encoding="utf-8"))
        settings = {
            str(each["name"]): {
                key: tuple(map(str, each.get(key) or ())) for key in ("aliases", "env_aliases")
            }
            for each in data.get("settings") or ()
        }
        return str(data.get("namespace") or ""), settings
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", {}  # Meltano says what is wrong with it


def _plugin_entries(file: Entries) -> Iterator[tuple[tuple[str, str], Entries]]:
    for kind, node in _mapping(file.get("plugins")).items():
        for entries in _elements(node):
            yield (kind, _text(entries.get("name"))), entries


def _leaves(entries: Entries, above: str = "") -> Iterator[tuple[str, Node]]:
    for key, node in entries.items():
        path = f"{above}{key}"
        inner = _mapping(node) if node.kind == "a mapping" else {}
        if inner:
            yield from _leaves(inner, f"{path}.")
        elif not node.is_null:
            yield path, node


def _references(node: Node) -> frozenset[str]:
    """Return the names of the variables that a value, or one in it, refers to."""
    if node.is_list:
        return frozenset().union(*map(_references, node.elements("")))
    return frozenset(references_in(node.as_text() or ""))


def _variable(*names: str) -> str:
    """Return the name of a variable as Meltano makes it."""
    return "_".join(re.sub(r"[^A-Za-z0-9]", "_", name).upper() for name in names)


# What has another form is somebody else's to report, and configures nothing.


def _mapping(node: Node | None) -> Entries:
    with suppress(ProjectError):
        return {} if node is None else node.mapping("")
    return {}


def _elements(node: Node | None) -> list[Entries]:
    with suppress(ProjectError):
        return [] if node is None else [_mapping(each) for each in node.elements("")]
    return []


def _text(node: Node | None) -> str:
    with suppress(ProjectError):
        return "" if node is None or node.is_null else node.text("")
    return ""


def _texts(node: Node | None) -> list[str]:
    with suppress(ProjectError):
        return [] if node is None else [_text(each) for each in node.elements("")]
    return []
