"""What a project's files say of the plugins that a run takes.

Meltano reads these files itself; the runner reads them beside it, for checks that come before a
plugin starts. What cannot be read, or is not of the expected form, is as if it were not there: it
is Meltano's to complain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TYPES = ("extractors", "loaders", "mappers", "utilities", "transformers", "orchestrators")
_MAX_PARENTS = 10
# Keys of a plugin's definition that are neither settings nor extras.
_NO_EXTRAS = frozenset(
    {
        *("name", "inherit_from", "namespace", "label", "description", "logo_url", "docs", "repo"),
        *("variant", "pip_url", "executable", "capabilities", "settings", "config", "env"),
        *("settings_group_validation", "commands", "annotations", "mappings", "requires", "python"),
        *("venv", "keywords", "domain_url", "hidden", "variants", "default"),
    }
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one plugin's settings, from one place.

    Attributes:
        place: The kind of place, for people; empty for the definition of a plugin.
        plugin: Name of the plugin that sets them: the plugin itself or one that it inherits from.
        values: Values by setting; extras have the prefix `_`, as in Meltano.
    """

    place: str
    plugin: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that a run uses.

    Attributes:
        name: Its name.
        type: Its type, in Meltano's plural.
        prefixes: Prefixes of its variables, including those of its parents.
        layers: Its settings, highest precedence first.
        env: Its environment variables, from all places.
        settings: Definitions of its settings.
        installed_as: Name of the folder of its virtual environment; None if it needs none, or if
            only Meltano Hub defines what to install.
    """

    name: str
    type: str
    prefixes: tuple[str, ...]
    layers: tuple[Layer, ...]
    env: tuple[Layer, ...]
    settings: tuple[Mapping[str, Any], ...]
    installed_as: str | None


class PlacedText(str):
    """A string in a project's file.

    Attributes:
        place: Its file, as messages show it, and line.
    """

    __slots__ = ("place",)
    place: str


class Definitions:
    """The files of one project.

    Args:
        project: Its folder.
        environment: Meltano environment of the run; None for the project's default.

    Attributes:
        files: Contents of meltano.yml, first, and of the files that it includes.
        main: Content of meltano.yml.
    """

    def __init__(self, project: Path, environment: str | None) -> None:
        self._project = project
        self.files = list(_load_files(project))
        self.main: Mapping[str, Any] = self.files[0] if self.files else {}
        name = environment or self.main.get("default_environment")
        found = [each for each in self._list_entries("environments") if each.get("name") == name]
        self.environment: Mapping[str, Any] = found[0] if found else {}

    def find_plugins(self, blocks: Iterable[str]) -> list[Plugin]:
        """Return the plugins in these blocks of `meltano run`."""
        names = dict.fromkeys(
            name for block in blocks for name in self._iterate_plugin_names(block)
        )
        return [self._build_plugin(kind, name) for name in names for kind in self._find_types(name)]

    @property
    def project_env(self) -> Mapping[str, Any]:
        """Environment variables that the project has under `env`."""
        return _as_mapping(self.main.get("env"))

    @property
    def environment_env(self) -> Mapping[str, Any]:
        """Environment variables of the active environment."""
        return _as_mapping(self.environment.get("env"))

    @cached_property
    def _plugins(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for file in self.files:
            for kind, entries in _as_mapping(file.get("plugins")).items():
                for entry in _as_mappings(entries):
                    found.setdefault((kind, str(entry.get("name"))), entry)
        return found

    def _list_entries(self, key: str) -> list[Mapping[str, Any]]:
        return [entry for file in self.files for entry in _as_mappings(file.get(key))]

    def _iterate_plugin_names(self, block: str, depth: int = 0) -> Iterator[str]:
        for job in self._list_entries("jobs"):
            if job.get("name") == block and depth < _MAX_PARENTS:
                for step in _iterate_steps(job.get("tasks")):
                    yield from self._iterate_plugin_names(step, depth + 1)
                return
        for (kind, name), entry in self._plugins.items():
            mappings = _as_mappings(entry.get("mappings")) if kind == "mappers" else ()
            if block in (each.get("name") for each in mappings):
                yield name
                return
        yield block.partition(":")[0]

    def _find_types(self, name: str) -> list[str]:
        return [kind for kind in _TYPES if (kind, name) in self._plugins][:1]

    def _build_plugin(self, kind: str, name: str) -> Plugin:
        layers: list[Layer] = []
        env: list[Layer] = []
        prefixes: list[str] = []
        settings: list[Mapping[str, Any]] = []
        for each in self._iterate_parents(kind, name):
            entry = self._plugins.get((kind, each), {})
            here = self._get_environment_entry(kind, each)
            lock = self._read_lock_file(kind, each, entry)
            layers += [
                Layer(f"environment {self.environment.get('name')}", each, _get_values(here)),
                Layer("", each, _get_values(entry)),
            ]
            env += [Layer("env", each, _as_mapping(part.get("env"))) for part in (here, entry)]
            prefixes += [each, str(entry.get("namespace") or lock.get("namespace") or each)]
            settings += [*_as_mappings(entry.get("settings")), *_as_mappings(lock.get("settings"))]
        unique = tuple(dict.fromkeys(map(build_variable_name, prefixes)))
        return Plugin(
            name, kind, unique, tuple(layers), tuple(env), tuple(settings),
            self._find_installation(kind, name),
        )  # fmt: skip

    def _find_installation(self, kind: str, name: str) -> str | None:
        """Return the topmost of a plugin's parents with the same `pip_url` as the plugin.

        As Meltano 4.4 has it (core/plugin/project_plugin.py: plugin_dir_name).
        """
        owner, url = None, None
        for each in reversed(list(self._iterate_parents(kind, name))):
            entry = self._plugins.get((kind, each), {})
            pip_url = entry.get("pip_url") or self._read_lock_file(kind, each, entry).get("pip_url")
            if pip_url and pip_url != url:
                owner, url = each, pip_url
        return owner

    def _iterate_parents(self, kind: str, name: str) -> Iterator[str]:
        for _ in range(_MAX_PARENTS):
            yield name
            parent = self._plugins.get((kind, name), {}).get("inherit_from")
            if not isinstance(parent, str) or parent == name:
                return
            name = parent

    def _get_environment_entry(self, kind: str, name: str) -> Mapping[str, Any]:
        config = _as_mapping(self.environment.get("config"))
        entries = _as_mappings(_as_mapping(config.get("plugins")).get(kind))
        return next((each for each in entries if each.get("name") == name), {})

    def _read_lock_file(self, kind: str, name: str, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        variant = entry.get("variant")
        pattern = f"{name}--{variant}.lock" if isinstance(variant, str) else f"{name}--*.lock"
        for file in sorted((self._project / "plugins" / kind).glob(pattern)):
            try:
                return _as_mapping(json.loads(file.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                return {}
        return {}


def build_variable_name(*parts: str) -> str:
    """Return the environment variable of a setting, as Meltano names it."""
    text = "_".join(parts)
    return "".join(each if each.isalnum() else "_" for each in text).upper()


def _load_files(project: Path) -> Iterator[Mapping[str, Any]]:
    main = _load(project, project / "meltano.yml")
    yield main
    patterns = main.get("include_paths")
    for pattern in patterns if isinstance(patterns, list) else ():
        try:
            files = sorted(project.glob(str(pattern)))
        except (OSError, ValueError, NotImplementedError):
            continue
        yield from (_load(project, file) for file in files if file != project / "meltano.yml")


def _load(project: Path, file: Path) -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415 - Meltano's own, and slow to import: `--help` needs none of it

    name = (Path(*project.parts[-2:]) / file.relative_to(project)).as_posix()

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Keeps the place of each string."""

    def read_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> PlacedText:
        text = PlacedText(loader.construct_scalar(node))
        text.place = f"{name}, line {node.start_mark.line + 1}"
        return text

    Loader.add_constructor("tag:yaml.org,2002:str", read_text)
    try:
        return _as_mapping(yaml.load(file.read_bytes(), Loader))  # noqa: S506 - a safe loader
    except (OSError, ValueError, yaml.YAMLError):
        return {}


def _get_values(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    extras = {f"_{key}": value for key, value in entry.items() if key not in _NO_EXTRAS}
    return {**extras, **_as_mapping(entry.get("config"))}


def _iterate_steps(tasks: object) -> Iterator[str]:
    if isinstance(tasks, str):
        yield from tasks.split()
    elif isinstance(tasks, list):
        for each in tasks:
            yield from _iterate_steps(each)


def _as_mapping(value: object) -> Mapping[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def _as_mappings(value: object) -> list[Mapping[str, Any]]:
    return [_as_mapping(each) for each in value if each] if isinstance(value, list) else []
