"""Compares two sets of plans: values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.cli.diff.change import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    Change,
    DagChange,
    ProjectChange,
    TaskChange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.plan import DagPlan, ProjectPlan, TaskPlan

Pods = dict[tuple[str, str], dict[str, Any]]
"""Manifests by DAG and task."""


def compare_plans(
    before: Iterable[ProjectPlan], after: Iterable[ProjectPlan], pods: tuple[Pods, Pods]
) -> list[ProjectChange]:
    """Return the projects that differ; removed ones come last.

    Args:
        before: The old plans.
        after: The new plans.
        pods: The old and the new pods.
    """
    was, now = ({each.project: each for each in plans} for plans in (before, after))
    found = []
    for name in [*now, *(name for name in was if name not in now)]:
        old, new = was.get(name), now.get(name)
        kind = ADDED if old is None else REMOVED if new is None else CHANGED
        dags = (
            *_compare_dags(_select_comparable(old, new), _select_comparable(new, old), pods),
            *_compare_broken(old, new),
        )
        files = old is None or new is None or old.digest != new.digest
        if files or dags:
            found.append(ProjectChange(name, kind, files, dags))
    return found


def _select_comparable(plan: ProjectPlan | None, other: ProjectPlan | None) -> list[DagPlan]:
    """Return the DAGs that can run in both plans, or only exist in this one."""
    broken = _get_broken_ids(other)
    return [] if plan is None else [dag for dag in plan.dags if dag.dag_id not in broken]


def _get_broken_ids(plan: ProjectPlan | None) -> set[str]:
    return set() if plan is None else {dag.dag_id for dag in plan.broken}


def _compare_broken(old: ProjectPlan | None, new: ProjectPlan | None) -> Iterator[DagChange]:
    """Yield the DAGs that are broken on one side, and so cannot be compared."""
    was, now = _get_broken_ids(old), _get_broken_ids(new)
    before = was | {dag.dag_id for dag in (old.dags if old else ())}
    after = now | {dag.dag_id for dag in (new.dags if new else ())}
    for dag_id in sorted(was ^ now):
        kind = ADDED if dag_id not in before else REMOVED if dag_id not in after else CHANGED
        yield DagChange(dag_id, kind, None, (Change("broken", dag_id in was, dag_id in now),))


def _compare_dags(
    before: Sequence[DagPlan], after: Sequence[DagPlan], pods: tuple[Pods, Pods]
) -> Iterator[DagChange]:
    was = {dag.dag_id: dag for dag in before}
    gone = {dag.dag_id: dag for dag in before if dag.dag_id not in {now.dag_id for now in after}}
    for dag in after:
        old = was.get(dag.dag_id) or _find_renamed(gone, dag)
        if old is None:
            yield DagChange(
                dag.dag_id, ADDED, None, tuple(_compare_values({}, {"schedule": dag.schedule})),
                tuple(_build_whole_task(task, ADDED) for task in dag.tasks),
            )  # fmt: skip
            continue
        gone.pop(old.dag_id, None)
        changes = tuple(_compare_values(_get_dag_values(old), _get_dag_values(dag)))
        tasks = tuple(_compare_tasks(old, dag, changes, pods))
        renamed = old.dag_id != dag.dag_id
        if renamed or changes or tasks:
            was_id = old.dag_id if renamed else None
            yield DagChange(dag.dag_id, RENAMED if renamed else CHANGED, was_id, changes, tasks)
    for old in gone.values():
        yield DagChange(
            old.dag_id, REMOVED, tasks=tuple(_build_whole_task(task, REMOVED) for task in old.tasks)
        )


def _find_renamed(gone: Mapping[str, DagPlan], dag: DagPlan) -> DagPlan | None:
    """Return the removed DAG that ran the same tasks under another id."""
    alike = [old for old in gone.values() if _get_content(old) == _get_content(dag)]
    same_time = [old for old in alike if old.schedule == dag.schedule]
    return next(iter(same_time or alike), None)


def _get_content(dag: DagPlan) -> object:
    return [(task.task_id, _get_arguments(task)) for task in dag.tasks]


def _get_arguments(task: TaskPlan) -> list[str]:
    """Return what a task runs, without the state id, which contains the schedule's name."""
    words = list(task.arguments)
    if "--state-id" in words:
        at = words.index("--state-id")
        del words[at : at + 2]
    return words


def _compare_tasks(
    old: DagPlan, new: DagPlan, dag_changes: Sequence[Change], pods: tuple[Pods, Pods]
) -> Iterator[TaskChange]:
    was = {task.task_id: task for task in old.tasks}
    for task in new.tasks:
        before = was.pop(task.task_id, None)
        if before is None:
            yield _build_whole_task(task, ADDED)
            continue
        known = {each.key for each in dag_changes}
        # Changes of the whole DAG are not repeated for each task.
        changes = tuple(
            each
            for each in _compare_values(_get_task_values(before), _get_task_values(task))
            if each.key not in known
        )
        then = pods[0].get((old.dag_id, task.task_id))
        now = pods[1].get((new.dag_id, task.task_id))
        pod = tuple(_compare_values(then, now)) if then is not None and now is not None else ()
        states = (before.state_ids, task.state_ids)
        if changes or pod or states[0] != states[1]:
            differing = states if states[0] != states[1] else None
            command = " ".join(task.build_invocation().arguments)
            yield TaskChange(task.task_id, CHANGED, command, changes, pod, differing)
    for before in was.values():
        yield _build_whole_task(before, REMOVED)


def _build_whole_task(task: TaskPlan, kind: str) -> TaskChange:
    return TaskChange(task.task_id, kind, " ".join(task.build_invocation().arguments))


def _get_dag_values(dag: DagPlan) -> dict[str, Any]:
    # Without its documentation, whose line numbers change with every edit above.
    kept = ("schedule", "tags", "settings")
    return {key: value for key, value in dag.as_dict().items() if key in kept}


def _get_task_values(task: TaskPlan) -> dict[str, Any]:
    # `env` contains the variables of the settings and the schedule. State ids are compared on their
    # own.
    omitted = ("task_id", "state_ids")
    found = {key: value for key, value in task.as_dict().items() if key not in omitted}
    found["settings"].pop("env", None)
    found["arguments"] = " ".join(task.arguments)
    return found


def _compare_values(old: object, new: object, key: str = "") -> Iterator[Change]:
    old, new = _index_by_name(old), _index_by_name(new)
    if old == new:
        return
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield Change(key, old, new)
        return
    for name in dict.fromkeys([*old, *new]):
        inner = f"{key}.{name}" if key else str(name)
        yield from _compare_values(old.get(name), new.get(name), inner)


def _index_by_name(value: object) -> object:
    """Return a Kubernetes list of named items, such as containers, as a map."""
    if (
        isinstance(value, list)
        and value
        and all(isinstance(each, dict) and "name" in each for each in value)
    ):
        return {each["name"]: each for each in value}
    return value
