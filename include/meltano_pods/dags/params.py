"""The parameters of a DAG's runs in Airflow's form, and what they may change in a task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow.sdk import Param

from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.form import build_form

if TYPE_CHECKING:
    from meltano_pods.plan import DagPlan


def build_params(planned: DagPlan) -> tuple[dict[str, Param], RunChoices]:
    """Return the parameters, whose initial values are the DAG's settings, and the choices."""
    choices = RunChoices(
        options=planned.settings.run_options,
        environments=planned.settings.allowed_environments,
        task_ids=tuple(task.task_id for task in planned.tasks),
        taps=tuple(dict.fromkeys(tap for task in planned.tasks for tap in task.taps)),
    )
    form = build_form(choices, planned.tasks[0].environment)
    params = {name: Param(default, **schema) for name, (default, schema) in form.items()}
    return params, replace(choices, offered={name: default for name, (default, _) in form.items()})
