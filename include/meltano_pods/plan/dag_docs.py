"""The description and the documentation of a DAG in the Airflow UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.errors import ProjectError
    from meltano_pods.plan.dag_source import DagSource
    from meltano_pods.plan.model import TaskPlan
    from meltano_pods.project import Project

_MAX_DESCRIPTION = 200


def describe_dag(source: DagSource, description: str | None) -> str:
    """Return the one line for lists of DAGs.

    Args:
        source: The DAG.
        description: Its setting `description`.
    """
    if description is None:
        what = ", then ".join(" ".join(task.blocks) for task in source.tasks)
        return _shorten(f"{source.name}: {what}" if what else source.name)
    return _shorten(description.strip().splitlines()[0].lstrip("# "))


def document_dag(  # noqa: PLR0913, PLR0917 - it shows all of them
    project: Project,
    source: DagSource,
    cron: str | None,
    environment: str | None,
    tasks: Sequence[TaskPlan],
    description: str | None,
) -> str:
    """Return the Markdown that Airflow shows with the DAG, starting with its own description."""
    steps = "\n".join(
        f"{number}. `{task.task_id}`{_describe_order(task, previous)}: "
        f"`meltano-runner {' '.join(task.build_invocation().arguments)}`"
        for number, (task, previous) in enumerate(zip(tasks, [None, *tasks], strict=False), 1)
    )
    where = source.where
    return (
        ("" if description is None else f"{description.strip()}\n\n")
        + f"Meltano project **{project.name}**, "
        f"{'manual runs only' if cron is None else f'schedule `{cron}`'}, "
        f"environment {f'`{environment}`' if environment else 'none'}.\n\n"
        f"{steps}\n\n"
        f"Defined in `{where.file}`, line {where.line}, key `{where.key}`; change it there.\n"
    )


def document_errors(errors: Sequence[ProjectError], description: str | None) -> str:
    """Return the Markdown that Airflow shows with a DAG that cannot run."""
    listed = "\n".join(
        f"- {each.what}\n  - where: `{each.where}`\n  - fix: {each.fix}" for each in errors
    )
    return (
        "**Broken**: the runs of this DAG fail immediately until its project is fixed. "
        f"`meltano-pods validate` shows the same:\n\n{listed}\n"
    ) + ("" if description is None else f"\n{description.strip()}\n")


def add_conflict_note(doc: str, conflict: ProjectError) -> str:
    """Return the Markdown of a DAG that shares a state with another one."""
    return f"**Note**: {conflict.what}. {conflict.fix}\n\n{doc}"


def _describe_order(task: TaskPlan, previous: TaskPlan | None) -> str:
    """Return which tasks a task follows, if that is not just the one listed before it."""
    default = () if previous is None else (previous.task_id,)
    if task.upstream == default:
        return ""
    if not task.upstream:
        return " immediately"
    return f" after {', '.join(f'`{each}`' for each in task.upstream)}"


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 3] + "..."
