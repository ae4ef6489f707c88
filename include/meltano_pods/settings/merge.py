"""Merges the layers of a project into settings, and traces which layer set each value.

The order is `layers.ORDER`; several plugins count in the order in which the task names them. A
later layer wins, maps (`env`) merge, lists replace. There are three exceptions: the `resources` of
plugins are added up, because the plugins share a pod; overrides of pods merge as Kubernetes does
(podspec/patch.py); `not_secret` collects the names of all levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.errors import SettingsError
from meltano_pods.settings.layers import TASKS, Layer, find_place, sort_layers
from meltano_pods.settings.model import DEFAULTS, Settings
from meltano_pods.settings.podspec.patch import apply_patch
from meltano_pods.settings.podspec.reserved import OVERRIDES
from meltano_pods.settings.types.resources import (
    PARTS,
    add_quantities,
    find_request_above_limit,
)
from meltano_pods.settings.validate import validate_layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Location

Path = tuple[str, ...]

RESOURCES = "resources"
_CUMULATIVE = ("not_secret",)
"""Lists to which each level adds."""


def build_settings(layers: Iterable[Layer]) -> Settings:
    """Validate layers and merge them, in whatever order they are given.

    Raises:
        SettingsError: A key or value that is not allowed, at its place in its own layer.
    """
    ordered = sort_layers(layers)
    validate_layers(ordered)
    return merge_layers(ordered)


def merge_layers(layers: Iterable[Layer]) -> Settings:
    """Merge valid layers, in whatever order they are given.

    Raises:
        SettingsError: They contradict each other.
    """
    ordered = sort_layers(layer for layer in layers if layer.values)
    result: dict[str, Any] = {}
    for layer in ordered:
        result = _merge(result, _select_values(layer, ordered))
        if RESOURCES not in layer.values:
            continue
        if (above := find_request_above_limit(result[RESOURCES] or {})) is not None:
            raise SettingsError(
                f"together with the levels below it, the request of {above} is above its limit",
                find_place([layer], RESOURCES),
                f"Set `requests` and `limits` of {above} at one level.",
            )
    return Settings.model_validate(result) if result else DEFAULTS


def join_plugin_layers(layers: Sequence[Layer]) -> Layer:
    """Return the layers of a plugin, of those it extends and of environments as one layer.

    Args:
        layers: Of the level `plugin`, lowest precedence first; at least one. Their resources are
            not added up, because all of them are those of one plugin.
    """
    *below, last = layers
    filled = [layer for layer in below if layer.values]
    if not filled:
        return last
    values: dict[str, Any] = {}
    places: dict[str, Location] = {}
    for layer in (*filled, last):
        values = _merge(values, layer.values)
        places.update(layer.places)
    return Layer(last.level, last.where, values, places)


def _select_values(layer: Layer, layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the settings of a layer without those of its single tasks."""
    values = {key: value for key, value in layer.values.items() if key != TASKS}
    if layer.level == "plugin" and RESOURCES in values:
        values[RESOURCES] = _add_resources(
            [each.values for each in layers if each.level == "plugin"]
        )
    return values


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        if key in OVERRIDES:
            result[key] = apply_patch(known or {}, value, last=False)
            continue
        if key in _CUMULATIVE and isinstance(known, list) and isinstance(value, list):
            result[key] = [*known, *(each for each in value if each not in known)]
            continue
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merge(known, value) if both else value  # type: ignore[arg-type]
    return result


def _add_resources(plugins: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the sum of the resources of plugins that share a pod."""
    resources = [values.get(RESOURCES) or {} for values in plugins]
    total: dict[str, dict[str, str]] = {}
    for part in PARTS:
        names = dict.fromkeys(name for each in resources for name in each.get(part) or {})
        for name in names:
            quantities = [
                str(each[part][name]) for each in resources if name in (each.get(part) or {})
            ]
            total.setdefault(part, {})[name] = add_quantities(quantities)
    return total


class Origin(NamedTuple):
    """A layer that set a value.

    Attributes:
        level: Its level.
        where: Place of the key in its file.
    """

    level: str
    where: Location


class Provenance(NamedTuple):
    """A value and the layers that set it.

    Attributes:
        value: As written in the layer that wins.
        origins: The layers; several where values are added up or merged.
    """

    value: Any
    origins: tuple[Origin, ...]


def trace_provenance(layers: Iterable[Layer]) -> dict[Path, Provenance]:
    """Return the provenance of each setting and of each key below it, as far down as layers merge.

    Args:
        layers: The layers that were merged, in any order.
    """
    traced: dict[Path, Provenance] = {}
    for layer in sort_layers(layers):
        for key, value in layer.values.items():
            if key == TASKS:
                continue
            for path, leaf in _iterate_leaves((str(key),), value):
                _add_origin(traced, path, leaf, Origin(layer.level, find_place([layer], *path)))
    return traced


def _iterate_leaves(path: Path, value: object) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _iterate_leaves((*path, str(key)), each)
    else:
        yield path, value


def _add_origin(traced: dict[Path, Provenance], path: Path, value: object, origin: Origin) -> None:
    if value == {} and any(known[: len(path)] == path for known in traced):
        return  # an empty map adds nothing
    before = traced.get(path, Provenance(None, ())).origins
    if path[0] == RESOURCES and origin.level == "plugin":
        kept = tuple(each for each in before if each.level == "plugin")  # they add up
    elif path[0] in OVERRIDES and isinstance(value, list):
        kept = before  # lists of named items merge
    else:
        kept = ()
    for known in [each for each in traced if _is_replaced(each, path)]:
        del traced[known]
    traced[path] = Provenance(value, (*kept, origin))


def _is_replaced(known: Path, path: Path) -> bool:
    """Whether a value at `path` replaces one at `known`: one path is the other or a part of it."""
    shorter = min(len(known), len(path))
    return known[:shorter] == path[:shorter]
