"""Layers: the settings that one level of a project sets, each key with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import Location, SettingsError, combine_errors
from meltano_pods.names import list_names, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

MELTANO = "meltano"
"""Values from Meltano's own keys, such as a schedule's `start_date`; every level overrides them."""
ORDER = ("project", "environment", "plugin", "job", "schedule", "task")
"""The levels; a later one wins."""
_RANK = {level: rank for rank, level in enumerate((MELTANO, *ORDER))}
TASKS = "tasks"
"""The key for settings of single tasks: Meltano's tasks are strings without annotations, so their
settings belong to their job or schedule."""
TASK_LEVELS = ("job", "schedule")
"""The levels that may have `tasks`."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one level.

    Attributes:
        level: One of `ORDER`, or `MELTANO`.
        where: Its place; that of its owner if it is empty.
        values: Plain data as written.
        places: Place of each key in `values`, nested keys dotted (`env.FOO`).
        outside: Keys of the owner next to these, where a setting is misplaced. They may belong to
            other tools.
    """

    level: str
    where: Location
    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    outside: tuple[tuple[str, Location], ...] = ()


def sort_layers(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in order of precedence, lowest first; those of one level keep their order."""
    return sorted(layers, key=lambda layer: _RANK[layer.level])


def find_place(layers: Sequence[Layer], *path: str) -> Location:
    """Return where a setting was set last; if it was not, where the nearest key above it was.

    Args:
        layers: In order of precedence, lowest first; at least one.
        path: The setting, and keys below it.
    """
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if (place := layer.places.get(".".join(path[:length]))) is not None:
                return place
    return layers[0].where


def split_task_layers(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Yield the id of each task under `tasks` of a layer, and its settings as a layer.

    Raises:
        SettingsError: `tasks` is not a map of maps.
    """
    if layer.values.get(TASKS) is None:
        return
    for task_id, values in _require_map(layer, layer.values[TASKS], TASKS).items():
        path = f"{TASKS}.{task_id}"
        where = layer.places.get(path, layer.where)
        settings = {} if values is None else _require_map(layer, values, path)
        places = {
            key.removeprefix(f"{path}."): place
            for key, place in layer.places.items()
            if key.startswith(f"{path}.")
        }
        yield str(task_id), Layer("task", where, settings, places)


def select_task_layers(task_id: str, layers: Iterable[Layer]) -> list[Layer]:
    """Return the layers of one task from those of its job and schedule."""
    return [
        task_layer
        for layer in layers
        for each, task_layer in split_task_layers(layer)
        if each == task_id
    ]


def check_task_ids(layer: Layer, known: Collection[str]) -> None:
    """Reject settings of a task that does not exist.

    Args:
        layer: A job's or schedule's.
        known: The ids of its tasks.

    Raises:
        SettingsError: With the nearest id; one for each unknown task.
    """
    errors = [
        SettingsError(
            f"there is no task `{task_id}`; expected one of: {list_names(known)}",
            task_layer.where,
            f"{suggest(task_id, known)}Use the id of a task: its command, with dashes.",
        )
        for task_id, task_layer in split_task_layers(layer)
        if task_id not in known
    ]
    if errors:
        raise combine_errors(errors)


def _require_map(layer: Layer, value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        place: Location = layer.places.get(path, layer.where)
        raise SettingsError(
            f"`{path}` takes a map, found {type(value).__name__}",
            place,
            "Write it as `tasks: {tap-a-to-target-b: {retries: 5}}`.",
        )
    return value
