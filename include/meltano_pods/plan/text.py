"""What a person reads about a DAG in Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.errors import Location
    from meltano_pods.plan.model import TaskPlan
    from meltano_pods.project import Project

_MAX_DESCRIPTION = 200


def describe(name: str, commands: Sequence[tuple[str, ...]]) -> str:
    """Return the one line for lists of DAGs."""
    what = ", then ".join(" ".join(blocks) for blocks in commands)
    text = f"{name}: {what}"
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 3] + "..."


def document(
    project: Project,
    cron: str | None,
    environment: str | None,
    tasks: Sequence[TaskPlan],
    where: Location,
) -> str:
    """Return the Markdown that Airflow shows with the DAG."""
    steps = "\n".join(
        f"{number}. `{task.task_id}`: `meltano-runner {' '.join(task.arguments)}`"
        for number, task in enumerate(tasks, 1)
    )
    return (
        f"Meltano project **{project.name}**, "
        f"{'by hand only' if cron is None else f'schedule `{cron}`'}, "
        f"environment {f'`{environment}`' if environment else 'none'}.\n\n"
        f"{steps}\n\n"
        f"Defined in `{where.file}`, line {where.line}, key `{where.key}`; change it there.\n"
    )
