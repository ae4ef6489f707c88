"""`meltano-pods plan --settings`: the value and origin of each setting of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.output import TABLE, format_value, show_data, show_table
from meltano_pods.plan.explain import DEFAULT, explain_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.plan import ProjectPlan
    from meltano_pods.settings.deployment.model import DeploymentSettings

_MAX_WIDTH = 60


def show_settings(plans: Sequence[ProjectPlan], deployment: DeploymentSettings, form: str) -> None:
    """Write the settings of all tasks.

    Args:
        plans: The projects.
        deployment: Where they would run.
        form: `table`, `json` or `yaml`.
    """
    if form != TABLE:
        show_data([_build_data(each, deployment) for each in plans], form)
        return
    first = True
    for plan in plans:
        for dag in plan.dags:
            for task in dag.tasks:
                if not first:
                    click.echo()
                first = False
                click.echo(click.style(f"{dag.dag_id} {task.task_id}", bold=True))
                rows = [("SETTING", "VALUE", "SET BY", "WHERE")]
                # The defaults last.
                every = sorted(
                    explain_settings(task, deployment), key=lambda each: each.level == DEFAULT
                )
                rows += [
                    (each.key, _shorten_value(each.value), each.level, each.where) for each in every
                ]
                show_table(rows, "  ")


def _build_data(plan: ProjectPlan, deployment: DeploymentSettings) -> dict[str, Any]:
    data = plan.as_dict()
    for dag, planned in zip(data["dags"], plan.dags, strict=True):
        for task, each in zip(dag["tasks"], planned.tasks, strict=True):
            task["settings"] = [setting._asdict() for setting in explain_settings(each, deployment)]
    return data


def _shorten_value(value: object) -> str:
    text = format_value(value)
    text = text.replace("\n", " ")
    return text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 3] + "..."
