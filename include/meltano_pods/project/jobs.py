"""Reads the `jobs` section: tasks of blocks, in every form that Meltano takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import shown
from meltano_pods.project.keys import refuse_typos
from meltano_pods.project.model import Job, Task

if TYPE_CHECKING:
    from meltano_pods.project.document import Node

_EXAMPLE = "`tasks: [tap-a target-b, dbt:run]`"


def read_job(node: Node) -> Job:
    """Read one entry of `jobs`.

    Raises:
        ProjectError: It has no name or no tasks, or tasks of a wrong form.
    """
    entries = node.mapping("`- name: daily-load`")
    refuse_typos(entries, ("name", "tasks", "annotations"))
    if "name" not in entries:
        node.fail("the job has no `name`", "Add one: `- name: daily-load`.")
    name = entries["name"].text("`name: daily-load`")
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
        annotations=read_annotations(entries, "job", node.where),
    )


def _tasks(node: Node) -> list[Task]:
    # Meltano's own schema: one string, or a list of strings and of lists of strings. Each entry
    # of the outer list is one task.
    if not node.is_list:
        return [] if node.is_null else [_task(node, [node])]
    return [
        _task(each, each.elements(_EXAMPLE) if each.is_list else [each])
        for each in node.elements(_EXAMPLE)
    ]


def _task(node: Node, parts: list[Node]) -> Task:
    blocks: list[str] = []
    for part in parts:
        if part.is_list:
            part.fail(
                "a list in a list in `tasks`", "Nest tasks two deep at most, as Meltano does."
            )
        blocks.extend(part.text(f"a task, as in {_EXAMPLE}").split())
    if not blocks:
        node.fail("the task is empty", f"Name the plugins it runs, as in {_EXAMPLE}.")
    return Task(blocks=tuple(blocks), where=node.where)
