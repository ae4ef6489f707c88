"""Finds variables that a run's plugins refer to and nobody has set.

Meltano puts nothing in their place, or an empty text, and goes on; what the plugin then says of it
is seldom the cause. Only the value that Meltano would take counts: one that a variable of the
setting's own, or a place that goes before, replaces is never looked at. Where it cannot be told
whether a variable is set, it counts as set.

https://docs.meltano.com/guide/configuration#expansion-in-setting-values
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract.environment import OUTPUT
from meltano_runner.run.definitions import Layer, to_variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_runner.run.definitions import Definitions, Plugin

_STRICT_MODE = "MELTANO_FF_STRICT_ENV_VAR_MODE"
_FALSE = ("", "0", "false", "no", "off", "n", "f")
# As Meltano 4.4 has it (core/utils: ENV_VAR_PATTERN); `\$NAME` is no reference.
_REFERENCE = re.compile(r"(?P<escape>\\)?\$(?:{(?P<curly>\w+)}|(?P<plain>[A-Z][A-Z0-9_]*))")
# Meltano sets many for its plugins itself: MELTANO_PROJECT_ROOT, MELTANO_EXTRACT__LOAD_SCHEMA.
# Of Airflow's own, an interval may be unset, too.
_MELTANO = "MELTANO_"
_PROJECT_SETTINGS = ("state_backend", "database_uri", "elt", "cli")
_MAX_DEPTH = 40


class MissingVariableError(Exception):
    """Plugins of the run refer to variables that are not set. The message names each."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        """Say what is missing.

        Args:
            missing: All of it, the first first.
        """
        super().__init__("\n".join(map(str, missing)))
        self.missing = tuple(missing)


class Missing(NamedTuple):
    """One reference to a variable that is not set.

    Attributes:
        variable: The variable.
        plugin: The plugin whose setting refers to it; None for a setting of the project.
        setting: The setting.
        place: Where the value stands.
        text: The reference as it stands there.
    """

    variable: str
    plugin: str | None
    setting: str
    place: str
    text: str

    def __str__(self) -> str:
        whose = f" of {self.plugin}" if self.plugin else ""
        return (
            f"the variable {self.variable} is not set: the setting `{self.setting}`{whose} refers "
            f"to {self.text} ({self.place})"
        )


def check(definitions: Definitions, blocks: Sequence[str], environment: Mapping[str, str]) -> None:
    """Look at every setting that the run's plugins take.

    Args:
        definitions: The project.
        blocks: What runs.
        environment: The run's environment variables, those of `.env` among them.

    Raises:
        MissingVariableError: A variable is not set.
    """
    if _is_lenient(definitions.main, environment):
        return
    plugins = definitions.taken_by(blocks)
    found = dict.fromkeys(_Check(definitions, plugins, environment).missing())
    if found:
        raise MissingVariableError(list(found))


def _is_lenient(main: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether the project says that an unset variable is to count as empty."""
    if (text := environment.get(_STRICT_MODE)) is not None:
        return text.strip().lower() in _FALSE
    flags = main.get("ff")
    nested = flags.get("strict_env_var_mode") if isinstance(flags, dict) else None
    return nested is False or main.get("ff.strict_env_var_mode") is False


class _Check:
    """All that is needed to tell whether a variable is set."""

    def __init__(
        self, definitions: Definitions, plugins: Sequence[Plugin], environment: Mapping[str, str]
    ) -> None:
        self._definitions = definitions
        self._plugins = plugins
        self._environment = environment

    def missing(self) -> Iterator[Missing]:
        yield from self._of_project()
        for plugin in self._plugins:
            yield from self._of_plugin(plugin)

    def _of_project(self) -> Iterator[Missing]:
        main = self._definitions.main
        for key in _PROJECT_SETTINGS:
            for path, text in _texts(main.get(key), key):
                if to_variable("meltano", path) not in self._environment:
                    yield from self._unset(text, None, path, "meltano.yml", {})
        suffix = self._definitions.environment.get("state_id_suffix")
        name = self._definitions.environment.get("name")
        for path, text in _texts(suffix, "state_id_suffix"):
            yield from self._unset(text, None, path, f"environment {name}", {})

    def _of_plugin(self, plugin: Plugin) -> Iterator[Missing]:
        env = {key: each for layer in reversed(plugin.env) for key, each in layer.values.items()}
        defaults = {str(each.get("name")): each.get("value") for each in reversed(plugin.settings)}
        taken: set[str] = set()
        for layer in (*plugin.layers, Layer("its default", plugin.name, defaults)):
            texts = [each for key, value in layer.values.items() for each in _texts(value, key)]
            for path, text in texts:
                parts = _parts_of(path)
                if taken.isdisjoint(parts) and not self._is_replaced(plugin, parts, env):
                    yield from self._unset(text, plugin, path, layer.place, env)
            taken |= {key for key, value in layer.values.items() if value is not None}
            taken |= {path for path, _ in texts}
        for name, value in env.items():
            others = {key: each for key, each in env.items() if key != name}
            if name not in self._environment and isinstance(value, str):
                yield from self._unset(value, plugin, f"env.{name}", "meltano.yml", others)

    def _is_replaced(self, plugin: Plugin, settings: Sequence[str], env: Mapping[str, Any]) -> bool:
        """Whether a variable of a setting, or of what it is a part of, has the last word."""
        variables = {to_variable(prefix, each) for prefix in plugin.prefixes for each in settings}
        for definition in plugin.settings:
            if definition.get("name") in settings:
                aliases = definition.get("aliases")
                names = [definition.get("env"), *(aliases if isinstance(aliases, list) else ())]
                variables |= {str(each) for each in names if each}
                variables |= {to_variable(p, str(each)) for p in plugin.prefixes for each in names}
        known = {*self._environment, *self._definitions.env, *env}
        return not variables.isdisjoint(known)

    def _unset(
        self,
        text: str,
        plugin: Plugin | None,
        setting: str,
        place: str,
        env: Mapping[str, Any],
    ) -> Iterator[Missing]:
        for variable, reference in _references(text):
            missing = self._first_unset(variable, plugin, setting, env)
            if missing is not None:
                through = "" if missing == variable else f", through the variable {variable}"
                name = plugin.name if plugin else None
                shown = setting.removeprefix("_")
                yield Missing(missing, name, shown, place + through, reference)

    def _first_unset(
        self, variable: str, plugin: Plugin | None, setting: str, env: Mapping[str, Any]
    ) -> str | None:
        """Return a variable, or the one that it is made of, if it is not set."""
        seen: set[str] = set()
        pending = [variable]
        while pending:
            name = pending.pop()
            if self._is_set(name, plugin, setting) or name in seen:
                if name in seen and not self._is_set(name, plugin, setting):
                    return name  # made of itself, and not set
                continue
            seen.add(name)
            value = {**self._definitions.env, **env}.get(name)
            if value is None:
                return name
            pending += [each for each, _ in _references(value)] if isinstance(value, str) else []
        return None

    def _is_set(self, variable: str, plugin: Plugin | None, setting: str) -> bool:
        if variable in self._environment:
            return True
        if variable.startswith(_MELTANO):
            return variable != OUTPUT
        for each in self._plugins:
            # A loader sees the extractor's settings as variables, an extra its own plugin's.
            sees = each is not plugin or setting.startswith("_")
            if sees and variable.startswith(tuple(f"{prefix}_" for prefix in each.prefixes)):
                return True
        return False


def _texts(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each text in a value, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif depth < _MAX_DEPTH:
        if isinstance(value, dict):
            for key, each in value.items():
                yield from _texts(each, f"{path}.{key}", depth + 1)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from _texts(each, f"{path}[{number}]", depth + 1)


def _parts_of(path: str) -> list[str]:
    """Return a path and those above it: `a`, `a.b` and `a.b[0]` of `a.b[0]`."""
    ends = [found.start() for found in re.finditer(r"[.\[]", path) if found.start()]
    return [path[:end] for end in (*ends, len(path))]


def _references(text: str) -> Iterator[tuple[str, str]]:
    """Yield each variable that a text refers to, and the reference as it stands."""
    for found in _REFERENCE.finditer(text):
        if not found["escape"]:
            yield found["curly"] or found["plain"], found[0]
