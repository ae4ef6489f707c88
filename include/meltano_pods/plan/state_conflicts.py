"""Who else writes a task's state: such tasks run one at a time, or are reported.

A run reads its state when it starts and writes it when it ends, so of two runs at once one's
bookmarks are lost. Runs of one DAG never overlap (`max_active_runs`), but those of two DAGs do, and
so do parallel branches. Runs of a backfill overlap with others, too, since Airflow counts them
apart: where they have the scheduled state (`backfill_state: shared`), it is kept from running one
task twice at once, but not from running two that share a state.

Only a pool of one slot keeps them apart in Airflow, and a DAG file cannot make one: the setting
`state_pool` names it. Meltano itself rejects a second run where both have one system database,
wherever the state is; with a state backend alone nothing does: of its locks, that of S3 lets
overlapping runs pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import combinations
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError, SettingsError
from meltano_pods.plan.graph import ancestors
from meltano_pods.plan.state_place import database_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Location
    from meltano_pods.plan.model import DagPlan, TaskPlan

    # By state: the DAGs that write it, each with those of its tasks that do.
    _Known = dict[str, list[tuple[DagPlan, list[TaskPlan]]]]


class Severity(IntEnum):
    """What comes of two DAGs that share a state."""

    WARNING = 1
    """Somebody has to start one manually while the other runs."""
    ERROR = 2
    """Their schedules meet, and the second run fails, since Meltano keeps the two apart."""
    BREAKS = 3
    """Nothing keeps the two apart: the later one does not run."""


@dataclass(frozen=True, slots=True)
class StateConflict:
    """Two DAGs that write one state, and may do so at once.

    Attributes:
        state_id: The state's id.
        first: Id of the DAG that comes first in the plan.
        second: Id of the other one.
        where: Place of the other one.
        guarded: Whether Meltano keeps them apart, which it does by its system database: the run
            that comes second fails.
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
        """What comes of it."""
        if self.guarded:
            return Severity.ERROR if self.scheduled > 1 else Severity.WARNING
        return Severity.BREAKS if self.scheduled else Severity.WARNING

    def error(self) -> ProjectError:
        """Return it as an error."""
        harm = (
            "the second one fails with `already_running`"
            if self.guarded
            else "nothing keeps them apart, and the one that ends last overwrites the other's "
            "bookmarks, so that records are loaded again"
        )
        return ProjectError(
            f"the DAGs `{self.first}` and `{self.second}` share the state `{self.state_id}`: when "
            f"they run at once, {harm}",
            self.where,
            "Let them run one at a time: create an Airflow pool of one slot (`airflow pools set "
            "NAME 1 '' --include-deferred`) and add `state_pool: NAME` to the project, the plugin "
            "or both jobs. Or keep their states apart, by another `environment` or "
            "`state_id_suffix`.",
        )


@dataclass(frozen=True, slots=True)
class Separated:
    """The DAGs of a project, those that share a state kept apart as far as can be.

    Attributes:
        dags: Those that can run.
        broken: Errors of the others, by DAG id.
        conflicts: One for each DAG that shares a state with an earlier one, the worst of several.
    """

    dags: tuple[DagPlan, ...]
    broken: Mapping[str, Sequence[ProjectError]]
    conflicts: tuple[StateConflict, ...]


def separate(dags: Sequence[DagPlan]) -> Separated:
    """Put tasks that write one state into their `state_pool`, and find those that have none."""
    pooled: set[tuple[str, str]] = set()
    conflicts: list[StateConflict] = []
    broken: dict[str, list[ProjectError]] = {}
    known: _Known = {}
    for dag in dags:
        errors = Errors()
        with errors:
            pooled |= _within(dag)
        writers = _writers(dag)
        conflict = max(
            _conflicts(dag, writers, known), key=lambda each: each.severity, default=None
        )
        if conflict is not None:
            conflicts.append(conflict)
            if conflict.severity is Severity.BREAKS:
                errors.found.append(conflict.error())
        if errors.found:
            broken[dag.dag_id] = errors.found
            continue
        for state_id, tasks in writers.items():
            earlier = known.setdefault(state_id, [])
            for each, others in earlier:
                if _one_pool([*tasks, *others]):
                    pooled |= {(dag.dag_id, task.task_id) for task in tasks}
                    pooled |= {(each.dag_id, task.task_id) for task in others}
            earlier.append((dag, tasks))
    good = tuple(_pooled(dag, pooled) for dag in dags if dag.dag_id not in broken)
    return Separated(good, broken, tuple(conflicts))


def _writers(dag: DagPlan) -> dict[str, list[TaskPlan]]:
    writers: dict[str, list[TaskPlan]] = {}
    for task in dag.tasks:
        for state_id in task.state_ids:
            writers.setdefault(state_id, []).append(task)
    return writers


def _conflicts(
    dag: DagPlan, writers: Mapping[str, list[TaskPlan]], known: _Known
) -> Iterator[StateConflict]:
    for state_id, tasks in writers.items():
        for earlier, others in known.get(state_id, ()):
            both = [*tasks, *others]
            if not _one_pool(both):
                databases = {database_of(task) for task in both}
                guarded = len(databases) == 1 and None not in databases
                scheduled = sum(each.schedule is not None for each in (dag, earlier))
                yield StateConflict(
                    state_id, earlier.dag_id, dag.dag_id, dag.where, guarded, scheduled
                )


def _one_pool(tasks: Iterable[TaskPlan]) -> bool:
    """Whether tasks run one at a time: all have one and the same `state_pool`."""
    pools = {task.settings.state_pool for task in tasks}
    return len(pools) == 1 and None not in pools


def _within(dag: DagPlan) -> set[tuple[str, str]]:
    """Return the tasks that share a state with one of their own DAG that may run at once.

    Raises:
        SettingsError: Two of them have no `state_pool` in common.
    """
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
    own = {task_id for dag_id, task_id in pooled if dag_id == dag.dag_id}
    if not own:
        return dag
    tasks = tuple(
        replace(task, pool=task.settings.state_pool) if task.task_id in own else task
        for task in dag.tasks
    )
    return replace(dag, tasks=tasks)


def _parallel(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` run at once and share the state "
        f"`{state_id}`: each would overwrite the other's bookmarks",
        dag.where,
        f"Let one need the other (`tasks: {{{second}: {{needs: [{first}]}}}}`), or let them run "
        "one at a time in a pool of one slot (`state_pool`).",
    )


def _by_backfill(state_id: str, dag: DagPlan, first: str, second: str) -> SettingsError:
    return SettingsError(
        f"`{first}` and `{second}` of the DAG `{dag.dag_id}` share the state `{state_id}`, and a "
        "backfill shares it with the scheduled runs: one run's would overwrite the other's "
        "bookmarks",
        dag.where,
        "Let them run one at a time in a pool of one slot (`state_pool`), or give the backfill a "
        "state of its own (`backfill_state: own`).",
    )
