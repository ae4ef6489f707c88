"""What a person reads about a DAG in Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.errors import ProjectError
    from meltano_pods.plan.dag_source import Draft
    from meltano_pods.plan.model import TaskPlan
    from meltano_pods.project import Project

_MAX_DESCRIPTION = 200


def describe(draft: Draft, said: str | None) -> str:
    """Return the one line for lists of DAGs.

    Args:
        draft: The DAG.
        said: Its setting `description`.
    """
    if said is None:
        what = ", then ".join(" ".join(command.blocks) for command in draft.commands)
        return _cut(f"{draft.name}: {what}" if what else draft.name)
    return _cut(said.strip().splitlines()[0].lstrip("# "))


def document(  # noqa: PLR0913, PLR0917 - all of it is said there
    project: Project,
    draft: Draft,
    cron: str | None,
    environment: str | None,
    tasks: Sequence[TaskPlan],
    said: str | None,
) -> str:
    """Return the Markdown that Airflow shows with the DAG; what its owner says comes first."""
    steps = "\n".join(
        f"{number}. `{task.task_id}`{_after(task, before)}: "
        f"`meltano-runner {' '.join(task.invocation().arguments)}`"
        for number, (task, before) in enumerate(zip(tasks, [None, *tasks], strict=False), 1)
    )
    where = draft.where
    return (
        ("" if said is None else f"{said.strip()}\n\n") + f"Meltano project **{project.name}**, "
        f"{'manual runs only' if cron is None else f'schedule `{cron}`'}, "
        f"environment {f'`{environment}`' if environment else 'none'}.\n\n"
        f"{steps}\n\n"
        f"Defined in `{where.file}`, line {where.line}, key `{where.key}`; change it there.\n"
    )


def document_errors(errors: Sequence[ProjectError], said: str | None) -> str:
    """Return the Markdown that Airflow shows with a DAG that cannot run."""
    listed = "\n".join(
        f"- {each.what}\n  - where: `{each.where}`\n  - fix: {each.fix}" for each in errors
    )
    return (
        "**Broken**: this DAG cannot run, and its runs fail at once, until its project is fixed. "
        f"`meltano-pods validate` shows the same:\n\n{listed}\n"
    ) + ("" if said is None else f"\n{said.strip()}\n")


def with_conflict(doc: str, conflict: ProjectError) -> str:
    """Return the Markdown of a DAG that shares a state with another one."""
    return f"**Note**: {conflict.what}. {conflict.fix}\n\n{doc}"


def _after(task: TaskPlan, one_before: TaskPlan | None) -> str:
    """Say what a task follows, where that is not the one that stands before it."""
    usual = () if one_before is None else (one_before.task_id,)
    if task.upstream == usual:
        return ""
    if not task.upstream:
        return " at once"
    return f" after {', '.join(f'`{each}`' for each in task.upstream)}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 3] + "..."
