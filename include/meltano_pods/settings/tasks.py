"""The key `tasks`: what a job or schedule says of single tasks.

Meltano's tasks are strings and have no annotations, so theirs stand with their job or schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.errors import Location, SettingsError, together
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.layer import MadeLayer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from meltano_pods.settings.layer import Layer

TASKS = "tasks"
TASK_LEVELS = ("job", "schedule")
"""The levels that may have it."""


def task_layers(layer: Layer) -> Iterator[tuple[str, MadeLayer]]:
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
        yield str(task_id), MadeLayer("task", where, said, places)


def layers_of(task_id: str, layers: Iterable[Layer]) -> list[MadeLayer]:
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
