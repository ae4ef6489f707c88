"""The Airflow task that runs Meltano as a subprocess."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from meltano_pods.process.run import Run

_LOG_LEVEL = "MELTANO_CLI_LOG_LEVEL"


class MeltanoProcessOperator(BaseOperator):
    """Runs `meltano-runner` in this worker, relays its output, and explains its failure.

    On success the run's result is returned (XCom `return_value`). A run that fails raises with
    category, failed plugin, its own error and a hint; where a retry cannot help, Airflow does not
    retry. A task that is killed asks the run to stop and never ends as a success.

    Args:
        arguments: What follows `meltano-runner`, as one would type it.
        project_folder: The Meltano project's folder.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: Further environment variables of the run, never secrets: Airflow shows them.
        stop_grace: Seconds a run that is asked to stop may take to save its state.
        **kwargs: Those of every Airflow operator.
    """

    template_fields: Sequence[str] = ("arguments", "env")

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        project_folder: str,
        environment: str | None = None,
        env: Mapping[str, str] | None = None,
        stop_grace: float = 120.0,
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = list(arguments)
        self.project_folder = project_folder
        self.environment = environment
        self.env = dict(env or {})
        self.stop_grace = stop_grace
        self._run: Run | None = None
        self._killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run to the end and return the result, or raise.

        Raises:
            RunFailedError: The run failed or was stopped.
            RunnerMissingError: There is no runner on this machine.
        """
        # Every parse of a DAG file is a fresh process, and needs the class alone.
        from meltano_pods.diagnosis import RunFailedError, push_summary  # noqa: PLC0415
        from meltano_pods.process.run import Request, Run  # noqa: PLC0415

        project = Path(self.project_folder)
        params = context.get("params") or {}
        arguments = [*self.arguments, *(["--full-refresh"] if params.get("full_refresh") else [])]
        ti = context["ti"]
        request = Request(
            arguments=arguments,
            project=project,
            environment=self._environment(project, params.get("log_level")),
            grace=self.stop_grace,
            tries=f"this was try {ti.try_number} of {ti.max_tries + 1}",
        )
        self._run = Run(request, self.log)
        if self._killed:  # while all this was imported
            self._run.stop()
        try:
            result = self._run.perform()
        except RunFailedError as error:
            push_summary(context, error.failure.result)
            raise
        push_summary(context, result)
        return result.as_dict()

    def on_kill(self) -> None:
        """Ask the run to stop; `execute` goes on relaying until it has, and then raises.

        Airflow calls this from its SIGTERM handler, in the middle of `execute`.
        """
        self._killed = True
        if self._run is not None:
            self._run.stop()

    def _environment(self, project: Path, log_level: str | None) -> dict[str, str]:
        from airflow.sdk.configuration import conf  # noqa: PLC0415 - as above

        from meltano_pods.process.environment import run_environment  # noqa: PLC0415
        from meltano_pods.settings.deployment import (  # noqa: PLC0415
            SECTION,
            deployment_settings,
        )

        said = conf.get(SECTION, "process_env", fallback=None) or ""
        environment = run_environment(
            os.environ,
            self.env,
            defaults=deployment_settings({"process_env": said}).process_env,
            project=project,
            environment=self.environment,
        )
        if log_level and (log_level != "info" or _LOG_LEVEL not in environment):
            environment[_LOG_LEVEL] = log_level
        return environment
