"""Layers: what one level of a project says, each key with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import Location, SettingsError, together
from meltano_pods.names import listed, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

MELTANO = "meltano"
"""What Meltano's own keys say, such as a schedule's `start_date`; every level wins over it."""
ORDER = ("project", "environment", "plugin", "job", "schedule", "task")
"""The levels; a later one wins."""
_RANK = {level: rank for rank, level in enumerate((MELTANO, *ORDER))}
TASKS = "tasks"
TASK_LEVELS = ("job", "schedule")
"""The levels that may have it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one level says.

    Attributes:
        level: One of `ORDER`, or `MELTANO`.
        where: Its place; where it says nothing, that of its owner.
        values: Plain data as written.
        places: Place of each key in `values`, nested keys dotted (`env.FOO`).
        outside: Keys of the owner beside these, where a setting is out of place.
    """

    level: str
    where: Location
    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    outside: tuple[tuple[str, Location], ...] = ()


def in_order(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in the order in which they win; those of one level stay as they are."""
    return sorted(layers, key=lambda layer: _RANK[layer.level])


def place_of(layers: Sequence[Layer], *path: str) -> Location:
    """Return where a setting is said last, or the nearest that is said above it.

    Args:
        layers: In the order in which they win; at least one.
        path: The setting, and keys below it.
    """
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if (place := layer.places.get(".".join(path[:length]))) is not None:
                return place
    return layers[0].where


def task_layers(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Yield what a layer says of each task, whose id comes first.

    Raises:
        SettingsError: It is no map of maps.
    """
    if layer.values.get(TASKS) is None:
        return
    for task_id, values in _map(layer, layer.values[TASKS], TASKS).items():
        path = f"{TASKS}.{task_id}"
        where = layer.places.get(path, layer.where)
        said = {} if values is None else _map(layer, values, path)
        places = {
            key.removeprefix(f"{path}."): place
            for key, place in layer.places.items()
            if key.startswith(f"{path}.")
        }
        yield str(task_id), Layer("task", where, said, places)


def layers_of(task_id: str, layers: Iterable[Layer]) -> list[Layer]:
    """Return what layers say of one task."""
    return [said for layer in layers for each, said in task_layers(layer) if each == task_id]


def check_task_ids(layer: Layer, known: Collection[str]) -> None:
    """Reject settings of a task that is not there.

    Args:
        layer: A job's or schedule's.
        known: The ids of its tasks.

    Raises:
        SettingsError: With the nearest id; for each.
    """
    errors = [
        SettingsError(
            f"there is no task `{task_id}`; there are: {listed(known)}",
            said.where,
            f"{suggestion(task_id, known)}Name a task by its id: what it runs, with dashes.",
        )
        for task_id, said in task_layers(layer)
        if task_id not in known
    ]
    if errors:
        raise together(errors)


def _map(layer: Layer, value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        place: Location = layer.places.get(path, layer.where)
        raise SettingsError(
            f"`{path}` takes a map, found {type(value).__name__}",
            place,
            "Write it as `tasks: {tap-a-to-target-b: {retries: 5}}`.",
        )
    return value
