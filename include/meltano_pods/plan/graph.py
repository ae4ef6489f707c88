"""The order of a DAG's tasks: the setting `needs` as a graph without cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.layers import find_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

Upstream = dict[str, tuple[str, ...]]


def upstream_of(
    settings: Mapping[str, Settings], layers: Mapping[str, Sequence[Layer]]
) -> Upstream:
    """Return which tasks each task follows.

    Args:
        settings: Those of each task, by its id, in the order of the job.
        layers: What said them, in the order in which they win; for the place of an error.

    Raises:
        SettingsError: A task needs one that is not there, or, by way of others, itself.
    """
    upstream: Upstream = {}
    before: list[str] = []
    for task_id, each in settings.items():
        if each.needs is None:
            upstream[task_id] = tuple(before[-1:])
        elif each.needs == "all":
            upstream[task_id] = tuple(_last(before, upstream))
        else:
            own = any("needs" in layer.values for layer in layers[task_id] if layer.level == "task")
            # What a job says for all its tasks holds for all but those it names.
            upstream[task_id] = tuple(name for name in each.needs if own or name != task_id)
        before.append(task_id)
    for task_id in settings:
        _check_known(task_id, upstream[task_id], settings, layers)
    if (cycle := _cycle(upstream)) is not None:
        raise SettingsError(
            f"tasks wait for each other: {' -> '.join(cycle)}, each needing the next",
            find_place(layers[cycle[0]], "needs"),
            "Remove one of them from the `needs` of another.",
        )
    return upstream


def ancestors(upstream: Mapping[str, Sequence[str]], task_id: str) -> set[str]:
    """Return all tasks that have succeeded before a task starts."""
    found: set[str] = set()
    open_ends = [*upstream[task_id]]
    while open_ends:
        if (each := open_ends.pop()) not in found:
            found.add(each)
            open_ends += upstream[each]
    return found


def _last(before: Sequence[str], upstream: Upstream) -> list[str]:
    """Return those of `before` that no other one follows: after them, all are done."""
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
                f"`{task_id}` needs `{name}`, which is not a task here; there are: {listed(known)}",
                find_place(layers[task_id], "needs"),
                f"{suggestion(name, known)}Name tasks by their ids: what they run, with dashes.",
            )


def _cycle(upstream: Upstream) -> list[str] | None:
    """Return the tasks of a cycle, the first one again at the end."""
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
