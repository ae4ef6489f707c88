"""`meltano-pods run --local`: runs a task as a process on this machine."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meltano_pods.cli.airflow_values import airflow_values
from meltano_pods.cli.here import WORK, environment_here, is_here, variables_here
from meltano_pods.local.environment import own_variables, run_environment
from meltano_pods.local.run import Request, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from meltano_runner.contract import RunResult

    from meltano_pods.cli.asked import Asked
    from meltano_pods.tasks.relay import Log


def run_local(asked: Asked, log: Log) -> RunResult:
    """Run a task to its end and return the result of a success.

    Raises:
        RunFailedError: It failed or was stopped, or Airflow lacks a value for it.
        RunnerMissingError: There is no runner on this machine.
    """
    settings = asked.task.settings
    not_secret = (*asked.deployment.settings.not_secret, *settings.not_secret)
    environment = run_environment(
        environment_here(os.environ) if is_here(asked.root) else os.environ,
        own_variables(asked.spec.env, airflow_values(asked), settings.airflow_env, not_secret),
        defaults=_defaults(asked),
        project=asked.folder,
        environment=asked.spec.environment,
    )
    grace = settings.termination_grace_period.total_seconds()
    run = Run(Request(asked.spec.arguments, asked.folder, environment, grace, "", asked.root), log)
    with _stopping(run, log):
        return run.perform()


def _defaults(asked: Asked) -> dict[str, str]:
    """Return the deployment's variables over those of all runs on this machine."""
    root = asked.root
    own = asked.deployment.settings.local_env
    if not is_here(root):
        return own
    (root / WORK).mkdir(exist_ok=True)  # SQLite makes no folder
    return {**variables_here(root), **own}


@contextmanager
def _stopping(run: Run, log: Log) -> Iterator[None]:
    """Let the run save its state when somebody interrupts the command."""

    def stop(number: int, _frame: FrameType | None) -> None:
        log.warning(
            "%s: stopping the run; it first loads what it has read", signal.Signals(number).name
        )
        run.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
