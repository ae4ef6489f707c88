"""Reads the `jobs` section: tasks of blocks, in every form that Meltano takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import name_of, shown
from meltano_pods.project.keys import refuse_others
from meltano_pods.project.model import Job, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.project.document import Node

_EXAMPLE = "`tasks: [tap-a target-b, dbt:run]`"


def read_job(node: Node) -> Job:
    """Read one entry of `jobs`.

    Raises:
        ProjectError: It has no name or no tasks, or tasks of a wrong form.
    """
    entries = node.mapping("`- name: daily-load`")
    # First: it knows better what to do about `meltano_pods` as a key of the job.
    annotations = read_annotations(entries, "job", node.where)
    refuse_others(entries, ("name", "tasks", "annotations"), "a job")
    name = name_of(node, entries, "job", "daily-load")
    if "tasks" not in entries:
        node.fail(f"the job {shown(name)} has no `tasks`", f"Add them: {_EXAMPLE}.")
    tasks = _tasks(entries["tasks"])
    if not tasks:
        entries["tasks"].fail(
            f"the job {shown(name)} has no tasks", f"Add at least one: {_EXAMPLE}."
        )
    return Job(
        name=name,
        tasks=tuple(tasks),
        where=node.where,
        annotations=annotations,
    )


def _tasks(node: Node) -> list[Task]:
    # Each entry of the outer list is one task, however it is nested itself. A string alone is what
    # Meltano's schema allows, though its `run` cannot take it.
    entries = node.elements(_EXAMPLE) if node.is_list else [node]
    return [] if node.is_null else [_task(each) for each in entries]


def _task(node: Node) -> Task:
    blocks = tuple(_blocks(node))
    if not blocks:
        node.fail("the task is empty", f"Name the plugins it runs, as in {_EXAMPLE}.")
    return Task(blocks=blocks, where=node.where)


def _blocks(node: Node) -> Iterator[str]:
    if node.is_list:
        for each in node.elements(_EXAMPLE):
            yield from _blocks(each)
    else:
        yield from node.text(f"a task, as in {_EXAMPLE}").split()
