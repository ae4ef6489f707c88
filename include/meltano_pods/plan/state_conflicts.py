"""Finds tasks that share a state, and lets them run one at a time, or reports them.

A run reads its state when it starts and writes it when it ends, so if two runs overlap, the
bookmarks of one are lost. Runs of one DAG never overlap (`max_active_runs`), but those of two DAGs
and parallel branches do. Runs of a backfill also overlap with others, because Airflow counts them
separately: if they use the scheduled state (`backfill_state: shared`), Airflow does not run the
same task twice at the same time, but it may run two tasks that share a state.

In Airflow, only a pool of one slot separates them. A DAG file cannot create a pool, so the setting
`state_pool` names it. Meltano itself rejects a second run if both use the same system database,
wherever the state is. With only a state backend, nothing prevents it: the S3 lock, for one, lets
overlapping runs pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import combinations
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError, SettingsError
from meltano_pods.plan.graph import find_ancestors
from meltano_pods.plan.state_place import identify_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Location
    from meltano_pods.plan.model import DagPlan, TaskPlan

    # By state id: the DAGs that write the state, each with its tasks that do.
    _Known = dict[str, list[tuple[DagPlan, list[TaskPlan]]]]


class Severity(IntEnum):
    """The consequence of two DAGs sharing a state."""

    WARNING = 1
    """It takes a manual run of one while the other runs."""
    ERROR = 2
    """Their schedules overlap, and Meltano rejects the second run."""
    BREAKS = 3
    """Nothing separates their runs, so the second DAG is broken."""


@dataclass(frozen=True, slots=True)
class StateConflict:
    """Two DAGs that write the same state, possibly at the same time.

    Attributes:
        state_id: The state's id.
        first: Id of the DAG that comes first in the plan.
        second: Id of the other DAG.
        where: Place of the other DAG.
        guarded: Whether Meltano rejects the second run, because both use one system database.
        scheduled: How many of the two have a schedule.
    """

    state_id: str
    first: str
    second: str
    where: Location
    guarded: bool
    scheduled: int

    @property
    def severity(self) -> Severity:
        """How serious the conflict is."""
        if self.guarded:
            return Severity.ERROR if self.scheduled > 1 else Severity.WARNING
        return Severity.BREAKS if self.scheduled else Severity.WARNING

    def build_error(self) -> ProjectError:
        """Return the error for the conflict."""
        harm = (
            "the second one fails with `already_running`"
            if self.guarded
            else "nothing separates them, and the one that ends last overwrites the other's "
            "bookmarks, so that records are loaded again"
        )
        return ProjectError(
            f"the DAGs `{self.first}` and `{self.second}` share the state `{self.state_id}`: when "
            f"they run at the same time, {harm}",
            self.where,
            "Let them run one at a time: create an Airflow pool of one slot (`airflow pools set "
            "NAME 1 '' --include-deferred`) and add `state_pool: NAME` to the project, the plugin "
            "or both jobs. Or give them separate states, with another `environment` "
            "or `state_id_suffix`.",
        )


@dataclass(frozen=True, slots=True)
class SeparatedDags:
    """The DAGs of a project, with pools for tasks that share a state.

    Attributes:
        dags: The DAGs that can run.
        broken: Errors of the others, by DAG id.
        conflicts: The most serious conflict of each DAG with an earlier one.
    """

    dags: tuple[DagPlan, ...]
    broken: Mapping[str, Sequence[ProjectError]]
    conflicts: tuple[StateConflict, ...]


def separate_dags(dags: Sequence[DagPlan]) -> SeparatedDags:
    """Assign tasks that share a state to their `state_pool`, and find those without one."""
    pooled: set[tuple[str, str]] = set()
    conflicts: list[StateConflict] = []
    broken: dict[str, list[ProjectError]] = {}
    known: _Known = {}
    for dag in dags:
        errors = Errors()
        with errors:
            pooled |= _find_pooled_tasks(dag)
        writers = _find_writers(dag)
        conflict = max(
            _find_conflicts(dag, writers, known), key=lambda each: each.severity, default=None
        )
        if conflict is not None:
            conflicts.append(conflict)
            if conflict.severity is Severity.BREAKS:
                errors.found.append(conflict.build_error())
        if errors.found:
            broken[dag.dag_id] = errors.found
            continue
        for state_id, tasks in writers.items():
            earlier = known.setdefault(state_id, [])
            for each, others in earlier:
                if _share_pool([*tasks, *others]):
                    pooled |= {(dag.dag_id, task.task_id) for task in tasks}
                    pooled |= {(each.dag_id, task.task_id) for task in others}
            earlier.append((dag, tasks))
    good = tuple(_assign_pools(dag, pooled) for dag in dags if dag.dag_id not in broken)
    return SeparatedDags(good, broken, tuple(conflicts))


def _find_writers(dag: DagPlan) -> dict[str, list[TaskPlan]]:
    writers: dict[str, list[TaskPlan]] = {}
    for task in dag.tasks:
        for state_id in task.state_ids:
            writers.setdefault(state_id, []).append(task)
    return writers


def _find_conflicts(
    dag: DagPlan, writers: Mapping[str, list[TaskPlan]], known: _Known
) -> Iterator[StateConflict]:
    for state_id, tasks in writers.items():
        for earlier, others in known.get(state_id, ()):
            both = [*tasks, *others]
            if not _share_pool(both):
                databases = {identify_database(task) for task in both}
                guarded = len(databases) == 1 and None not in databases
                scheduled = sum(each.schedule is not None for each in (dag, earlier))
                yield StateConflict(
                    state_id, earlier.dag_id, dag.dag_id, dag.where, guarded, scheduled
                )


def _share_pool(tasks: Iterable[TaskPlan]) -> bool:
    """Whether tasks run one at a time, because all have the same `state_pool`."""
    pools = {task.settings.state_pool for task in tasks}
    return len(pools) == 1 and None not in pools


def _find_pooled_tasks(dag: DagPlan) -> set[tuple[str, str]]:
    """Return the tasks that may overlap with one of the same DAG and share its state.

    Raises:
        SettingsError: Two of them have no common `state_pool`.
    """
    shared = {task.task_id for task in dag.tasks if task.settings.backfill_state == "shared"}
    if dag.is_chain and not shared:
        return set()
    upstream = {task.task_id: task.upstream for task in dag.tasks}
    pooled: set[tuple[str, str]] = set()
    for state_id, tasks in _find_writers(dag).items():
        if len(tasks) == 1:
            continue
        before = {task.task_id: find_ancestors(upstream, task.task_id) for task in tasks}
        for first, second in combinations(tasks, 2):
            is_sequence = (
                first.task_id in before[second.task_id] or second.task_id in before[first.task_id]
            )
            is_backfill = not shared.isdisjoint((first.task_id, second.task_id))
            if is_sequence and not is_backfill:
                continue
            pool = first.settings.state_pool
            if pool is None or pool != second.settings.state_pool:
                build = _build_backfill_error if is_sequence else _build_parallel_error
                raise build(state_id, dag, first.task_id, second.task_id)
            pooled |= {(dag.dag_id, first.task_id), (dag.dag_id, second.task_id)}
    return pooled


def _assign_pools(dag: DagPlan, pooled: set[tuple[str, str]]) -> DagPlan:
    task_ids = {task_id for dag_id, task_id in pooled if dag_id == dag.dag_id}
    if not task_ids:
        return dag
    tasks = tuple(
        replace(task, pool=task.settings.state_pool) if task.task_id in task_ids else task
        for task in dag.tasks
    )
    return replace(dag, tasks=tasks)


def _build_parallel_error(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` run in parallel and share the state "
        f"`{state_id}`: each would overwrite the other's bookmarks",
        dag.where,
        f"Let one wait for the other (`tasks: {{{second}: {{needs: [{first}]}}}}`), or let them "
        "run one at a time in a pool of one slot (`state_pool`).",
    )


def _build_backfill_error(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` share the state `{state_id}`, and a "
        "backfill shares it with the scheduled runs: one run would overwrite the other's "
        "bookmarks",
        dag.where,
        "Let them run one at a time in a pool of one slot (`state_pool`), or give the backfill "
        "a separate state (`backfill_state: own`).",
    )
