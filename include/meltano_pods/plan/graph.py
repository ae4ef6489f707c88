"""The order of a DAG's tasks: the setting `needs` as a graph without cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import SettingsError
from meltano_pods.names import list_names, suggest
from meltano_pods.settings.layers import find_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

Upstream = dict[str, tuple[str, ...]]


def build_upstream(
    settings: Mapping[str, Settings], layers: Mapping[str, Sequence[Layer]]
) -> Upstream:
    """Return the upstream tasks of each task.

    Args:
        settings: Settings of each task by id, in the order of the job.
        layers: Layers of each task in the order of precedence, for the place of an error.

    Raises:
        SettingsError: A task needs an unknown task, or, directly or indirectly, itself.
    """
    upstream: Upstream = {}
    before: list[str] = []
    for task_id, each in settings.items():
        if each.needs is None:
            upstream[task_id] = tuple(before[-1:])
        elif each.needs == "all":
            upstream[task_id] = tuple(_find_leaves(before, upstream))
        else:
            is_own = any(
                "needs" in layer.values for layer in layers[task_id] if layer.level == "task"
            )
            # `needs` of a job applies to all its tasks except the named ones.
            upstream[task_id] = tuple(name for name in each.needs if is_own or name != task_id)
        before.append(task_id)
    for task_id in settings:
        _check_known(task_id, upstream[task_id], settings, layers)
    if (cycle := _find_cycle(upstream)) is not None:
        raise SettingsError(
            f"circular `needs`: {' -> '.join(cycle)}",
            find_place(layers[cycle[0]], "needs"),
            "Remove one of them from the `needs` of another.",
        )
    return upstream


def find_ancestors(upstream: Mapping[str, Sequence[str]], task_id: str) -> set[str]:
    """Return all tasks that have succeeded before a task starts."""
    found: set[str] = set()
    open_ends = [*upstream[task_id]]
    while open_ends:
        if (each := open_ends.pop()) not in found:
            found.add(each)
            open_ends += upstream[each]
    return found


def _find_leaves(before: Sequence[str], upstream: Upstream) -> list[str]:
    """Return the tasks in `before` that no other one follows; after them, all are done."""
    followed = {each for task_id in before for each in upstream[task_id]}
    return [task_id for task_id in before if task_id not in followed]


def _check_known(
    task_id: str,
    needed: Sequence[str],
    known: Mapping[str, Settings],
    layers: Mapping[str, Sequence[Layer]],
) -> None:
    for name in needed:
        if name not in known:
            raise SettingsError(
                f"unknown task `{name}` in `needs` of `{task_id}`; expected one of: "
                f"{list_names(known)}",
                find_place(layers[task_id], "needs"),
                f"{suggest(name, known)}Write task ids: what a task runs, joined by dashes.",
            )


def _find_cycle(upstream: Upstream) -> list[str] | None:
    """Return the tasks of a cycle, ending with the first one again."""
    done: set[str] = set()
    for start in upstream:
        # Depth first, without recursion: a job may have thousands of tasks in a row.
        path, ends = [start], [iter(upstream[start])]
        while path and start not in done:
            following = next(ends[-1], None)
            if following is None:
                done.add(path.pop())
                ends.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                ends.append(iter(upstream[following]))
    return None
