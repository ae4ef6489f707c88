"""Reads the `jobs` section: tasks of blocks, in every form that Meltano takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.project.model import Job, Task
from meltano_pods.project.sections.annotations import is_meant_for_us, read_annotations
from meltano_pods.project.sections.keys import read_closed
from meltano_pods.project.yaml.fields import name_of
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.project.yaml.nodes import Entries, Node

_KEYS = ("name", "tasks", "annotations")
_EXAMPLE = "`tasks: [tap-a target-b, dbt:run]`"


def read_job(node: Node) -> Job:
    """Read one entry of `jobs`; what is wrong with it is among its `errors`."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.mapping("`- name: daily-load`", ProjectLoadError)
    # First: it knows better what to do about `meltano_pods` as a key of the job.
    annotations = read_annotations(entries, "job", node.where, errors)
    entries = read_closed(entries, _KEYS, "a job", errors, is_meant_for_us)
    name = ""
    tasks: tuple[Task, ...] = ()
    if entries or not errors.found:
        with errors:
            name = name_of(node, entries, "job", "daily-load")
        tasks = _tasks(node, entries, f"the job {shown(name)}" if name else "the job", errors)
    return Job(
        name=name,
        tasks=tasks,
        where=node.where,
        annotations=annotations,
        errors=tuple(errors.found),
    )


def _tasks(node: Node, entries: Entries, job: str, errors: Errors) -> tuple[Task, ...]:
    with errors:
        if "tasks" not in entries:
            node.fail(
                f"{job} has no `tasks`, and Meltano rejects the whole project for it",
                f"Add them: {_EXAMPLE}.",
                ProjectLoadError,
            )
        tasks = entries["tasks"]
        # Each entry of the outer list is one task, however it is nested itself. A string alone is
        # what Meltano's schema allows, though its `run` cannot take it.
        listed = tasks.elements(_EXAMPLE) if tasks.is_list else [tasks]
        if tasks.is_null or not listed:
            tasks.fail(f"{job} has no tasks", f"Add at least one: {_EXAMPLE}.")
        found = []
        for each in listed:
            with errors:
                found.append(_task(each))
        return tuple(found)
    return ()


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
