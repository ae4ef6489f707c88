"""The Airflow task that runs Meltano as a subprocess."""

from __future__ import annotations

import os
from functools import partial as bind
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_pods.tasks.deployment import read_settings
from meltano_pods.tasks.operator import MeltanoOperator
from meltano_pods.tasks.planned_task import plan_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context
    from meltano_runner.contract.result import RunResult

    from meltano_pods.local.run import LocalRun
    from meltano_pods.parameters.choices import RunChoices
    from meltano_pods.parameters.command import Invocation
    from meltano_pods.tasks.planned_task import RunArgument


class MeltanoLocalOperator(MeltanoOperator):
    """Runs `meltano-runner` in this worker, relays its output, and explains its failure.

    A success returns the run's result (XCom `return_value`). A failure raises an exception with
    category, failed plugin, its error and a hint; Airflow does not retry if a retry cannot help. A
    task that is killed stops the run and never succeeds.

    It takes what `MeltanoPodOperator` takes; `meltano_task` chooses between the two.

    Args:
        project: Name of the Meltano project, or its folder.
        run: What follows `meltano run`.
        environment: Meltano environment; None for the project's choice.
        env: Further environment variables of the run, never secrets: Airflow shows them.
        full_refresh: Whether to ignore the saved state and move all records again.
        state_id_suffix: Suffix of the state id: other runs of the plugins have another state.
        settings: Settings of this task, which take precedence over the project's.
        choices: What a person may choose for a run; None for nothing.
        **kwargs: Those of every Airflow operator, which take precedence over settings.

    Raises:
        DeploymentError: There is no such project, or the deployment's settings are wrong.
        ProjectError: The project or the task defines something that cannot run.
    """

    starts_pod = False

    def __init__(  # noqa: PLR0913 - what people write in DAGs, all by keyword
        self,
        *,
        project: str | Path,
        run: RunArgument,
        environment: str | None = None,
        env: Mapping[str, Any] | None = None,
        full_refresh: bool = False,
        state_id_suffix: str | None = None,
        settings: Mapping[str, Any] | None = None,
        choices: RunChoices | None = None,
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        task = plan_task(
            project, run, task_id=kwargs.get("task_id", ""), dag=kwargs.get("dag"), env=env,
            environment=environment, full_refresh=full_refresh, settings=settings,
        )  # fmt: skip
        super().__init__(task=task, state_id_suffix=state_id_suffix, choices=choices, **kwargs)
        self.project_folder = str(task.project.folder)
        grace_period = task.plan.settings.termination_grace_period
        self.termination_grace_period = grace_period.total_seconds()
        self._run: LocalRun | None = None
        self._killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run to the end and return the result, or raise.

        Raises:
            RunFailedError: The run failed or was stopped.
            RunnerMissingError: There is no runner on this machine.
            InvalidParameterError: The run has a parameter that is not allowed.
            AirflowSkipException: The run skips this task.
        """
        # Each parse of a DAG file is a new process that needs only the class.
        from meltano_pods.project.meltano_command import build_meltano_command  # noqa: PLC0415
        from meltano_pods.results.task_report import (  # noqa: PLC0415
            RunEnd,
            finish_task,
            identify_task,
        )

        project = Path(self.project_folder)
        invocation = self.build_run_invocation(context)
        result = self._perform(project, invocation)
        task = identify_task(context, project.name, invocation.arguments, invocation.environment)
        format_meltano = bind(build_meltano_command, project)
        return finish_task(RunEnd(task, result), self.reporting, self, context, format_meltano)

    def on_kill(self) -> None:
        """Stop the run; `execute` relays its output until it ends, and then raises.

        Airflow calls this from its SIGTERM handler, in the middle of `execute`.
        """
        self._killed = True
        if self._run is not None:
            self._run.stop()

    def _perform(self, project: Path, invocation: Invocation) -> RunResult:
        from meltano_pods.local.run import LocalRun, ProcessRequest  # noqa: PLC0415
        from meltano_pods.tasks.airflow_env import ValuesMissingError  # noqa: PLC0415

        try:
            environment = self._build_environment(project, invocation)
        except ValuesMissingError as error:
            return error.result
        grace = self.termination_grace_period
        self._run = LocalRun(
            ProcessRequest(invocation.arguments, project, environment, grace), self.log
        )
        if self._killed:  # while all this was imported and read
            self._run.stop()
        return self._run.perform()

    def _build_environment(self, project: Path, invocation: Invocation) -> dict[str, str]:
        from meltano_pods.local.environment import (  # noqa: PLC0415
            build_run_environment,
            build_task_variables,
        )
        from meltano_pods.tasks.airflow_env import read_airflow_values  # noqa: PLC0415

        settings, sources = read_settings(), self.airflow_env
        values = read_airflow_values(sources, self.not_secret)
        not_secret = (*settings.not_secret, *self.not_secret)
        return build_run_environment(
            os.environ,
            build_task_variables({**self.env, **invocation.env}, values, sources, not_secret),
            defaults=settings.local_env,
            project=project,
            environment=invocation.environment,
        )
