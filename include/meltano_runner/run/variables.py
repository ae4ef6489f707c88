"""Finds variables that a run's plugins refer to and that are not set.

Meltano replaces them with nothing or an empty string and continues; the error of the plugin then
rarely shows the cause. Only the value that Meltano would use is checked, not one that is overridden
by the variable of the setting or by a source of higher precedence. If it is unknown whether a
variable is set, it counts as set.

https://docs.meltano.com/guide/configuration#expansion-in-setting-values
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract.environment import OUTPUT
from meltano_runner.run.definitions import Layer, to_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_runner.run.definitions import Definitions, Plugin

_STRICT_MODE = "MELTANO_FF_STRICT_ENV_VAR_MODE"
_FALSE = ("", "0", "false", "no", "off", "n", "f")
# As Meltano 4.4 has it (core/utils: ENV_VAR_PATTERN); `\$NAME` is not a reference.
_REFERENCE = re.compile(r"(?P<escape>\\)?\$(?:{(?P<curly>\w+)}|(?P<plain>[A-Z][A-Z0-9_]*))")
# Meltano sets many for its plugins itself: MELTANO_PROJECT_ROOT, MELTANO_EXTRACT__LOAD_SCHEMA.
# Of Airflow's own, an interval may be unset, too.
_MELTANO = "MELTANO_"
_PROJECT_SETTINGS = ("state_backend", "database_uri", "elt", "cli")
_MAX_DEPTH = 40
_ALIKE = 0.65


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
        place: Where the value is.
        text: The reference as it is written there.
        similar: A variable that is set and that is probably meant.
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


def find_similar(variable: str, known: Iterable[str]) -> str | None:
    """Return the known variable that is probably meant by one that is not set, if there is one."""
    ranked = {
        each: difflib.SequenceMatcher(None, each, variable).ratio()
        for each in known
        if _is_misspelling(variable, each)
    }
    return max(ranked, key=ranked.__getitem__, default=None)


def _is_misspelling(variable: str, other: str) -> bool:
    """Whether two names differ in spelling only: SHOP_KEY and CRM_KEY are two variables."""
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
                    yield from self._unset(text, None, path, "")
        active = self._definitions.environment
        for path, text in _texts(active.get("state_id_suffix"), "state_id_suffix"):
            yield from self._unset(text, None, path, f"environment {active.get('name')}")

    def _of_plugin(self, plugin: Plugin) -> Iterator[Missing]:
        defaults = {str(each.get("name")): each.get("value") for each in reversed(plugin.settings)}
        taken: set[str] = set()
        for layer in (*plugin.layers, Layer("its default", plugin.name, defaults)):
            texts = [each for key, value in layer.values.items() for each in _texts(value, key)]
            for path, text in texts:
                parts = _parts_of(path)
                if taken.isdisjoint(parts) and not self._is_replaced(plugin, parts):
                    yield from self._unset(text, plugin, path, layer.place)
            taken |= {key for key, value in layer.values.items() if value is not None}
            taken |= {path for path, _ in texts}

    def _is_replaced(self, plugin: Plugin, settings: Sequence[str]) -> bool:
        """Whether a variable of a setting, or of what it is a part of, has the last word."""
        variables = {to_variable(prefix, each) for prefix in plugin.prefixes for each in settings}
        for definition in plugin.settings:
            if definition.get("name") in settings:
                aliases = definition.get("aliases")
                names = [definition.get("env"), *(aliases if isinstance(aliases, list) else ())]
                variables |= {str(each) for each in names if each}
                variables |= {to_variable(p, str(each)) for p in plugin.prefixes for each in names}
        known = {*self._known(plugin), *self._definitions.environment_env}
        return not variables.isdisjoint(known)

    def _unset(
        self, text: str, plugin: Plugin | None, setting: str, place: str
    ) -> Iterator[Missing]:
        for variable, reference in _references(text):
            missing = self._first_unset(variable, plugin, setting)
            if missing is not None:
                name = plugin.name if plugin else None
                through = "" if missing == variable else f"through the variable {variable}"
                places = (getattr(text, "place", ""), place, through)
                known = {*self._known(plugin), *self._definitions.environment_env}
                yield Missing(
                    missing, name, setting.removeprefix("_"), ", ".join(filter(None, places)),
                    reference, find_similar(missing, known),
                )  # fmt: skip

    def _first_unset(self, variable: str, plugin: Plugin | None, setting: str) -> str | None:
        """Return a variable that is not set, or the first unset part of one that is made of some.

        Meltano 4.4 looks up the parts of a variable under the environment's `env`; those of one
        under the project's or the plugin's it leaves as they stand.
        """
        if self._is_set(variable, plugin, setting):
            return None
        made_of = self._definitions.environment_env.get(variable)
        if not isinstance(made_of, str):
            return variable if made_of is None else None
        parts = (part for part, _ in _references(made_of))
        return next((part for part in parts if not self._is_set(part, plugin, setting)), None)

    def _is_set(self, variable: str, plugin: Plugin | None, setting: str) -> bool:
        if variable in self._known(plugin):
            return True
        if variable.startswith(_MELTANO):
            # Nor does Meltano set the variable of a setting of its own that refers to just that.
            own = plugin is None and variable == to_variable(f"{_MELTANO}{setting}")
            return variable != OUTPUT and not own
        for each in self._plugins:
            # A loader sees the extractor's settings as variables, an extra its own plugin's.
            sees = each is not plugin or setting.startswith("_")
            if sees and variable.startswith(tuple(f"{prefix}_" for prefix in each.prefixes)):
                return True
        return False

    def _known(self, plugin: Plugin | None) -> set[str]:
        """Return the variables that are set for a plugin, but for those of the environment."""
        own = plugin.env if plugin else ()
        names = (name for layer in own for name in layer.values)
        return {*self._environment, *self._definitions.project_env, *names}


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
