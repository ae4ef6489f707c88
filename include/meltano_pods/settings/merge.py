"""Merges the annotations of a project's levels into settings.

The order is `layers.ORDER`; of several plugins, in the order the task names them. A later
one wins, maps (`env`) merge, lists replace. Two settings have rules of their own: the `resources`
of plugins are added up, because the plugins share a pod, and overrides of pods merge as Kubernetes
does (podspec/patch.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.errors import SettingsError
from meltano_pods.settings.layers import TASKS, Layer, in_order, place_of
from meltano_pods.settings.model import DEFAULTS, Settings
from meltano_pods.settings.podspec.patch import overlay
from meltano_pods.settings.types.resources import PARTS, add_quantities, request_above_limit
from meltano_pods.settings.validate import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Location

RESOURCES = "resources"
OVERRIDES = ("pod_override", "worker_override")
"""Settings that are parts of pods, and merge as Kubernetes does."""
_UNITED = ("not_secret",)
"""Lists to which each level adds: what is no secret stays none."""


def settings_of(layers: Iterable[Layer]) -> Settings:
    """Check layers and merge them, whatever order they are given in.

    Raises:
        SettingsError: A key or value that is not allowed, at its place in its own layer.
    """
    said = in_order(layers)
    check(said)
    return merged(said)


def merged(layers: Iterable[Layer]) -> Settings:
    """Merge layers that were checked, whatever order they are given in.

    Raises:
        SettingsError: They contradict each other.
    """
    said = in_order(layer for layer in layers if layer.values)
    result: dict[str, Any] = {}
    for layer in said:
        result = _merge(result, _values(layer, said))
        if RESOURCES not in layer.values:
            continue
        if (above := request_above_limit(result[RESOURCES] or {})) is not None:
            raise SettingsError(
                f"together with the levels before it, the request of {above} is above its limit",
                place_of([layer], RESOURCES),
                f"Set `requests` and `limits` of {above} at one level.",
            )
    return Settings.model_validate(result) if result else DEFAULTS


def joined(layers: Sequence[Layer]) -> Layer:
    """Return as one layer what a plugin, those it extends and environments say, later over earlier.

    Args:
        layers: Of the level `plugin`; at least one. They are not added up: all are the needs of one
            plugin.
    """
    *before, last = layers
    said = [layer for layer in before if layer.values]
    if not said:
        return last
    values: dict[str, Any] = {}
    places: dict[str, Location] = {}
    for layer in (*said, last):
        values = _merge(values, layer.values)
        places.update(layer.places)
    return Layer(last.level, last.where, values, places)


def _values(layer: Layer, layers: Sequence[Layer]) -> dict[str, Any]:
    """Return what a layer says of what it belongs to as a whole."""
    values = {key: value for key, value in layer.values.items() if key != TASKS}
    if layer.level == "plugin" and RESOURCES in values:
        values[RESOURCES] = _added_up([each.values for each in layers if each.level == "plugin"])
    return values


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        if key in OVERRIDES:
            result[key] = overlay(known or {}, value, last=False)
            continue
        if key in _UNITED and isinstance(known, list) and isinstance(value, list):
            result[key] = [*known, *(each for each in value if each not in known)]
            continue
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merge(known, value) if both else value  # type: ignore[arg-type]
    return result


def _added_up(plugins: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the sum of what the plugins of one pod need."""
    needs = [values.get(RESOURCES) or {} for values in plugins]
    total: dict[str, dict[str, str]] = {}
    for part in PARTS:
        names = dict.fromkeys(name for need in needs for name in need.get(part) or {})
        for name in names:
            given = [str(need[part][name]) for need in needs if name in (need.get(part) or {})]
            total.setdefault(part, {})[name] = add_quantities(given)
    return total


Path = tuple[str, ...]


class Origin(NamedTuple):
    """A layer that set something.

    Attributes:
        level: Its level.
        where: Place of the key in its file.
    """

    level: str
    where: Location


class Said(NamedTuple):
    """What was said of one setting, or of one key of a map.

    Attributes:
        value: As it was written last.
        origins: Who said it; more than one where values are added up or laid over each other.
    """

    value: Any
    origins: tuple[Origin, ...]


def origins(layers: Iterable[Layer]) -> dict[Path, Said]:
    """Return what layers say, by setting and keys below it, as far down as layers merge.

    Args:
        layers: Those that were merged, in any order.
    """
    found: dict[Path, Said] = {}
    for layer in in_order(layers):
        for key, value in layer.values.items():
            if key == TASKS:
                continue
            for path, leaf in _leaves((str(key),), value):
                _note(found, path, leaf, Origin(layer.level, place_of([layer], *path)))
    return found


def _leaves(path: Path, value: object) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves((*path, str(key)), each)
    else:
        yield path, value


def _note(found: dict[Path, Said], path: Path, value: object, origin: Origin) -> None:
    if value == {} and any(known[: len(path)] == path for known in found):
        return  # an empty map adds nothing
    before = found.get(path, Said(None, ())).origins
    if path[0] == RESOURCES and origin.level == "plugin":
        kept = tuple(each for each in before if each.level == "plugin")  # they add up
    elif path[0] in OVERRIDES and isinstance(value, list):
        kept = before  # lists of named things merge
    else:
        kept = ()
    for known in [each for each in found if _replaced(each, path)]:
        del found[known]
    found[path] = Said(value, (*kept, origin))


def _replaced(known: Path, path: Path) -> bool:
    """Whether what is said of `path` takes the place of `known`: one is the other, or in it."""
    shorter = min(len(known), len(path))
    return known[:shorter] == path[:shorter]
