"""Finds variables that a run's plugins refer to and that are not set.

Meltano replaces them with nothing or an empty string and continues; the error of the plugin then
rarely shows the cause. Only the value that Meltano would use is checked, not one that is overridden
by the variable of the setting or by a source of higher precedence. If it is unknown whether a
variable is set, it counts as set.

https://docs.meltano.com/guide/configuration#expansion-in-setting-values
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract.environment import OUTPUT
from meltano_runner.run.definitions import Layer, build_variable_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_runner.run.definitions import Definitions, Plugin

_STRICT_MODE = "MELTANO_FF_STRICT_ENV_VAR_MODE"
_FALSE = ("", "0", "false", "no", "off", "n", "f")
# As Meltano 4.4 has it (core/utils: ENV_VAR_PATTERN); `\$NAME` is not a reference.
_REFERENCE = re.compile(r"(?P<escape>\\)?\$(?:{(?P<curly>\w+)}|(?P<plain>[A-Z][A-Z0-9_]*))")
# Meltano sets many for its plugins itself: MELTANO_PROJECT_ROOT, MELTANO_EXTRACT__LOAD_SCHEMA.
# A data interval of Airflow may be unset, too.
_MELTANO = "MELTANO_"
_PROJECT_SETTINGS = ("state_backend", "database_uri", "elt", "cli")
_MAX_DEPTH = 40
_ALIKE = 0.65


class MissingVariableError(Exception):
    """Plugins of the run refer to variables that are not set. The message names each."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        """Build the message.

        Args:
            missing: All missing variables, in order.
        """
        super().__init__("\n".join(map(str, missing)))
        self.missing = tuple(missing)


class Missing(NamedTuple):
    """One reference to a variable that is not set.

    Attributes:
        variable: The variable.
        plugin: The plugin whose setting refers to it; None for a setting of the project.
        setting: The setting.
        place: Where the value is.
        text: The reference as it is written there.
        similar: A variable with a similar name that is set, probably the intended one.
    """

    variable: str
    plugin: str | None
    setting: str
    place: str
    text: str
    similar: str | None

    def __str__(self) -> str:
        whose = f" of {self.plugin}" if self.plugin else ""
        similar = f"; did you mean {self.similar}?" if self.similar else ""
        return (
            f"the variable {self.variable} is not set: the setting `{self.setting}`{whose} refers "
            f"to {self.text} ({self.place}){similar}"
        )


def check_variables(
    definitions: Definitions, blocks: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Check every setting of the run's plugins.

    Args:
        definitions: The project.
        blocks: What runs.
        environment: The run's environment variables, including those of `.env`.

    Raises:
        MissingVariableError: A variable is not set.
    """
    if _is_lenient(definitions.main, environment):
        return
    plugins = definitions.find_plugins(blocks)
    found = dict.fromkeys(_VariableCheck(definitions, plugins, environment).find_missing())
    if found:
        raise MissingVariableError(list(found))


def find_similar(variable: str, known: Iterable[str]) -> str | None:
    """Return the known variable that an unset variable probably stands for, if any."""
    import difflib  # noqa: PLC0415 - only for an error message

    ranked = {
        each: difflib.SequenceMatcher(None, each, variable).ratio()
        for each in known
        if _is_misspelling(variable, each)
    }
    return max(ranked, key=ranked.__getitem__, default=None)


def _is_misspelling(variable: str, other: str) -> bool:
    """Whether two names differ in spelling only: SHOP_KEY and CRM_KEY are two variables."""
    import difflib  # noqa: PLC0415 - as above

    if re.sub(r"\D", "", variable) != re.sub(r"\D", "", other):
        return False
    parts, others = variable.upper().split("_"), other.upper().split("_")
    return "".join(parts) == "".join(others) or (
        len(parts) == len(others)
        and all(
            difflib.SequenceMatcher(None, *pair).ratio() >= _ALIKE
            for pair in zip(others, parts, strict=True)
        )
    )


def _is_lenient(main: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether the project lets an unset variable count as empty."""
    if (text := environment.get(_STRICT_MODE)) is not None:
        return text.strip().lower() in _FALSE
    flags = main.get("ff")
    nested = flags.get("strict_env_var_mode") if isinstance(flags, dict) else None
    return nested is False or main.get("ff.strict_env_var_mode") is False


class _VariableCheck:
    """Finds unset variables in the settings of a project and its plugins."""

    def __init__(
        self, definitions: Definitions, plugins: Sequence[Plugin], environment: Mapping[str, str]
    ) -> None:
        self._definitions = definitions
        self._plugins = plugins
        self._environment = environment

    def find_missing(self) -> Iterator[Missing]:
        yield from self._check_project()
        for plugin in self._plugins:
            yield from self._check_plugin(plugin)

    def _check_project(self) -> Iterator[Missing]:
        main = self._definitions.main
        for key in _PROJECT_SETTINGS:
            for path, text in _iterate_texts(main.get(key), key):
                if build_variable_name("meltano", path) not in self._environment:
                    yield from self._find_unset(text, None, path, "")
        active = self._definitions.environment
        for path, text in _iterate_texts(active.get("state_id_suffix"), "state_id_suffix"):
            yield from self._find_unset(text, None, path, f"environment {active.get('name')}")

    def _check_plugin(self, plugin: Plugin) -> Iterator[Missing]:
        defaults = {str(each.get("name")): each.get("value") for each in reversed(plugin.settings)}
        taken: set[str] = set()
        for layer in (*plugin.layers, Layer("its default", plugin.name, defaults)):
            texts = [
                each for key, value in layer.values.items() for each in _iterate_texts(value, key)
            ]
            for path, text in texts:
                parts = _list_prefixes(path)
                if taken.isdisjoint(parts) and not self._is_replaced(plugin, parts):
                    yield from self._find_unset(text, plugin, path, layer.place)
            taken |= {key for key, value in layer.values.items() if value is not None}
            taken |= {path for path, _ in texts}

    def _is_replaced(self, plugin: Plugin, settings: Sequence[str]) -> bool:
        """Whether a variable of a setting, or of one that contains it, overrides its value."""
        variables = {
            build_variable_name(prefix, each) for prefix in plugin.prefixes for each in settings
        }
        for definition in plugin.settings:
            if definition.get("name") in settings:
                aliases = definition.get("aliases")
                names = [definition.get("env"), *(aliases if isinstance(aliases, list) else ())]
                variables |= {str(each) for each in names if each}
                variables |= {
                    build_variable_name(p, str(each)) for p in plugin.prefixes for each in names
                }
        known = {*self._list_known(plugin), *self._definitions.environment_env}
        return not variables.isdisjoint(known)

    def _find_unset(
        self, text: str, plugin: Plugin | None, setting: str, place: str
    ) -> Iterator[Missing]:
        for variable, reference in _iterate_references(text):
            missing = self._find_first_unset(variable, plugin, setting)
            if missing is not None:
                name = plugin.name if plugin else None
                through = "" if missing == variable else f"through the variable {variable}"
                places = (getattr(text, "place", ""), place, through)
                known = {*self._list_known(plugin), *self._definitions.environment_env}
                yield Missing(
                    missing, name, setting.removeprefix("_"), ", ".join(filter(None, places)),
                    reference, find_similar(missing, known),
                )  # fmt: skip

    def _find_first_unset(self, variable: str, plugin: Plugin | None, setting: str) -> str | None:
        """Return the variable if it is not set, or the first unset one that its value refers to.

        Meltano 4.4 expands references in a variable under the environment's `env`, but not in one
        under the project's or the plugin's `env`.
        """
        if self._is_set(variable, plugin, setting):
            return None
        value = self._definitions.environment_env.get(variable)
        if not isinstance(value, str):
            return variable if value is None else None
        parts = (part for part, _ in _iterate_references(value))
        return next((part for part in parts if not self._is_set(part, plugin, setting)), None)

    def _is_set(self, variable: str, plugin: Plugin | None, setting: str) -> bool:
        if variable in self._list_known(plugin):
            return True
        if variable.startswith(_MELTANO):
            # Meltano does not set the variable of a project setting that refers to that variable.
            is_self_reference = plugin is None and variable == build_variable_name(
                f"{_MELTANO}{setting}"
            )
            return variable != OUTPUT and not is_self_reference
        for each in self._plugins:
            # A loader sees the extractor's settings as variables, an extra those of its plugin.
            sees = each is not plugin or setting.startswith("_")
            if sees and variable.startswith(tuple(f"{prefix}_" for prefix in each.prefixes)):
                return True
        return False

    def _list_known(self, plugin: Plugin | None) -> set[str]:
        """Return the variables that are set for a plugin, without those of the environment."""
        layers = plugin.env if plugin else ()
        names = (name for layer in layers for name in layer.values)
        return {*self._environment, *self._definitions.project_env, *names}


def _iterate_texts(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each string in a value, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif depth < _MAX_DEPTH:
        if isinstance(value, dict):
            for key, each in value.items():
                yield from _iterate_texts(each, f"{path}.{key}", depth + 1)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from _iterate_texts(each, f"{path}[{number}]", depth + 1)


def _list_prefixes(path: str) -> list[str]:
    """Return a path and those above it: `a`, `a.b` and `a.b[0]` for `a.b[0]`."""
    ends = [found.start() for found in re.finditer(r"[.\[]", path) if found.start()]
    return [path[:end] for end in (*ends, len(path))]


def _iterate_references(text: str) -> Iterator[tuple[str, str]]:
    """Yield each variable that a string refers to, and the reference as written."""
    for found in _REFERENCE.finditer(text):
        if not found["escape"]:
            yield found["curly"] or found["plain"], found[0]
