"""Reads the `jobs` section: tasks of blocks, in every form that Meltano accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.project.model import Job, Task
from meltano_pods.project.sections.annotations import is_like_vendor_key, read_annotations
from meltano_pods.project.sections.keys import reject_unknown_keys
from meltano_pods.project.yaml.fields import read_name
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.project.yaml.nodes import Entries, Node

_KEYS = ("name", "tasks", "annotations")
_EXAMPLE = "`tasks: [tap-a target-b, dbt:run]`"


def read_job(node: Node) -> Job:
    """Read one entry of `jobs`; its `errors` contain what is wrong with it."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.as_mapping("`- name: daily-load`", ProjectLoadError)
    # First, for the better error about a key `meltano_pods` of the job.
    annotations = read_annotations(entries, "job", node.where, errors)
    entries = reject_unknown_keys(entries, _KEYS, "a job", errors, is_like_vendor_key)
    name = ""
    tasks: tuple[Task, ...] = ()
    if entries or not errors.found:
        with errors:
            name = read_name(node, entries, "job", "daily-load")
        tasks = _read_tasks(node, entries, f"the job {quote(name)}" if name else "the job", errors)
    return Job(
        name=name,
        tasks=tasks,
        where=node.where,
        annotations=annotations,
        errors=tuple(errors.found),
    )


def _read_tasks(node: Node, entries: Entries, job: str, errors: Errors) -> tuple[Task, ...]:
    with errors:
        if "tasks" not in entries:
            node.fail(
                f"{job} has no `tasks`, and Meltano rejects the whole project for it",
                f"Add them: {_EXAMPLE}.",
                ProjectLoadError,
            )
        tasks = entries["tasks"]
        # Each entry of the outer list is one task, however deeply nested. Meltano's schema allows a
        # string instead of the list, although `meltano run` does not.
        listed = tasks.as_list(_EXAMPLE) if tasks.is_list else [tasks]
        if tasks.is_null or not listed:
            tasks.fail(f"{job} has no tasks", f"Add at least one: {_EXAMPLE}.")
        found = []
        for each in listed:
            with errors:
                found.append(_read_task(each))
        return tuple(found)
    return ()


def _read_task(node: Node) -> Task:
    blocks = tuple(_split_blocks(node))
    if not blocks:
        node.fail("the task is empty", f"Name the plugins it runs, as in {_EXAMPLE}.")
    return Task(blocks=blocks, where=node.where)


def _split_blocks(node: Node) -> Iterator[str]:
    if node.is_list:
        for each in node.as_list(_EXAMPLE):
            yield from _split_blocks(each)
    else:
        yield from node.as_string(f"a task, as in {_EXAMPLE}").split()
