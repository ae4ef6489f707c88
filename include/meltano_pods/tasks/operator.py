"""What both operators are: a run of Meltano, as a DAG says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import SettingsError
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.results import reporting_of
from meltano_pods.settings.secret_check import find_secret_in_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.results import Reporting
    from meltano_pods.settings.types.env import AirflowSource
    from meltano_pods.tasks.request import Task


class MeltanoOperator:
    """Base of both operators, beside Airflow's.

    Attributes:
        arguments: What follows `meltano-runner`; rendered by Airflow, as the next but one.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: The run's environment variables.
        airflow_env: Further ones, which Airflow's connections and variables fill.
        not_secret: Those that hold no secret, whatever they look like.
        state_id_suffix: Sets apart the run's state; None for nothing, rendered as well.
        reporting: What is done with its result.
        choices: What a person may choose for a run.
    """

    task_id: str
    arguments: list[str]
    environment: str | None
    env: dict[str, Any]
    airflow_env: Mapping[str, AirflowSource]
    not_secret: tuple[str, ...]
    state_id_suffix: str | None
    reporting: Reporting
    choices: RunChoices

    def _take(self, task: Task, suffix: str | None, choices: RunChoices | None) -> None:
        """Store the arguments of a task; Airflow's own part must exist already.

        Args:
            task: The task.
            suffix: Sets apart the state of its runs.
            choices: What the DAG asks a person; None for nothing.

        Raises:
            SettingsError: The suffix is a template that reads a secret.
        """
        planned = task.plan
        self.arguments = list(planned.arguments)
        self.environment = planned.environment
        self.env = {**planned.env, **task.later}
        self.airflow_env = planned.settings.airflow_env
        self.not_secret = planned.settings.not_secret
        if isinstance(suffix, str) and (
            problem := find_secret_in_text("`state_id_suffix`", suffix)
        ):
            raise SettingsError(problem.what, f"task {self.task_id}", problem.fix)
        self.state_id_suffix = suffix
        self.reporting = reporting_of(planned, task.place.folder.name)
        self.choices = replace(
            choices or RunChoices(taps=planned.taps),
            options=planned.settings.run_options,
            own_taps=planned.taps,
            own_backfill_state=planned.settings.backfill_state == "own",
        )
