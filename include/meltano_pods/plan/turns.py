"""Who else writes a task's state: such tasks take turns, or are refused.

A run reads its state when it starts and writes it when it ends, so of two runs at once one's
bookmarks are lost. Runs of one DAG never overlap (`max_active_runs`), but those of two DAGs do, and
so do parallel branches. Runs of a backfill overlap with others, too, since Airflow counts them
apart: where they have the scheduled state (`backfill_state: shared`), it is kept from running one
task twice at once, but not from running two that share a state.

Only a pool of one slot keeps them apart in Airflow, and a DAG file cannot make one: the setting
`state_pool` names it. Meltano itself refuses a second run where both have one system database; with
a state backend nothing does.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, SettingsError, together
from meltano_pods.plan.clash import Clash
from meltano_pods.plan.graph import ancestors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Location
    from meltano_pods.plan.model import DagPlan, ProjectPlan, TaskPlan

    # By state: the DAGs that write it, each with those of its tasks that do.
    _Known = dict[str, list[tuple[DagPlan, list[TaskPlan]]]]


def take_turns(dags: Sequence[DagPlan]) -> tuple[tuple[DagPlan, ...], tuple[Clash, ...]]:
    """Put tasks that write one state into their `state_pool`.

    Returns:
        The DAGs; and of those that share a state with an earlier one without taking turns, which
        one that is.

    Raises:
        SettingsError: Tasks of one DAG do so.
    """
    pooled: set[tuple[str, str]] = set()
    clashes: list[Clash] = []
    known: _Known = {}
    for dag in dags:
        pooled |= _within(dag)
        writers = _writers(dag)
        # Of several the one that keeps it from running.
        clash = min(_clashes(dag, writers, known), key=lambda each: each.guarded, default=None)
        if clash is not None:
            clashes.append(clash)
            if not clash.guarded:
                continue
        for state_id, tasks in writers.items():
            earlier = known.setdefault(state_id, [])
            for each, others in earlier:
                if _one_pool([*tasks, *others]):
                    pooled |= {(dag.dag_id, task.task_id) for task in tasks}
                    pooled |= {(each.dag_id, task.task_id) for task in others}
            earlier.append((dag, tasks))
    return tuple(_pooled(dag, pooled) for dag in dags), tuple(clashes)


def refuse_clashes(plans: Iterable[ProjectPlan]) -> None:
    """Refuse DAGs that share a state or an id: for commands, which may stop at what they find.

    In Airflow only a later DAG without a guard is refused, when it runs: the others of its file
    have to go on.

    Raises:
        ProjectError: With all that were found.
    """
    found: list[ProjectError] = []
    ids: dict[str, tuple[str, Location]] = {}
    for plan in plans:
        found += [clash.error() for clash in plan.clashes]
        for dag in plan.dags:
            project, where = ids.setdefault(dag.dag_id, (plan.project, dag.where))
            if project != plan.project:
                found.append(
                    ProjectError(
                        f"the DAG id `{dag.dag_id}` comes from two projects, first from {where}",
                        dag.where,
                        "Rename one of the projects' folders, with its DAG file.",
                    )
                )
    if found:
        raise together(found)


def _writers(dag: DagPlan) -> dict[str, list[TaskPlan]]:
    writers: dict[str, list[TaskPlan]] = {}
    for task in dag.tasks:
        for state_id in task.state_ids:
            writers.setdefault(state_id, []).append(task)
    return writers


def _clashes(dag: DagPlan, writers: Mapping[str, list[TaskPlan]], known: _Known) -> Iterator[Clash]:
    for state_id, tasks in writers.items():
        for earlier, others in known.get(state_id, ()):
            both = [*tasks, *others]
            if not _one_pool(both):
                guarded = all(task.settings.state == "database" for task in both)
                yield Clash(state_id, earlier.dag_id, dag.dag_id, dag.where, guarded)


def _one_pool(tasks: Iterable[TaskPlan]) -> bool:
    """Whether tasks take turns: all have one and the same `state_pool`."""
    pools = {task.settings.state_pool for task in tasks}
    return len(pools) == 1 and None not in pools


def _within(dag: DagPlan) -> set[tuple[str, str]]:
    """Return the tasks that share a state with one of their own DAG that may run at once."""
    shared = {task.task_id for task in dag.tasks if task.settings.backfill_state == "shared"}
    if dag.is_chain and not shared:
        return set()
    upstream = {task.task_id: task.upstream for task in dag.tasks}
    pooled: set[tuple[str, str]] = set()
    for state_id, tasks in _writers(dag).items():
        if len(tasks) == 1:
            continue
        before = {task.task_id: ancestors(upstream, task.task_id) for task in tasks}
        for one, other in combinations(tasks, 2):
            in_a_row = one.task_id in before[other.task_id] or other.task_id in before[one.task_id]
            by_backfill = not shared.isdisjoint((one.task_id, other.task_id))
            if in_a_row and not by_backfill:
                continue
            pool = one.settings.state_pool
            if pool is None or pool != other.settings.state_pool:
                make = _by_backfill if in_a_row else _parallel
                raise make(state_id, dag, one.task_id, other.task_id)
            pooled |= {(dag.dag_id, one.task_id), (dag.dag_id, other.task_id)}
    return pooled


def _pooled(dag: DagPlan, pooled: set[tuple[str, str]]) -> DagPlan:
    if not any((dag.dag_id, task.task_id) in pooled for task in dag.tasks):
        return dag
    tasks = tuple(
        replace(task, pool=task.settings.state_pool)
        if (dag.dag_id, task.task_id) in pooled
        else task
        for task in dag.tasks
    )
    return replace(dag, tasks=tasks)


def _parallel(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` run at once and share the state "
        f"`{state_id}`: each would overwrite the other's bookmarks",
        dag.where,
        f"Let one need the other (`tasks: {{{second}: {{needs: [{first}]}}}}`), or let them take "
        "turns in a pool of one slot (`state_pool`).",
    )


def _by_backfill(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` share the state `{state_id}`, and a "
        "backfill shares it with the scheduled runs: one run's would overwrite the other's "
        "bookmarks",
        dag.where,
        "Let them take turns in a pool of one slot (`state_pool`), or give the backfill a state of "
        "its own (`backfill_state: own`).",
    )
