"""`meltano-pods run --local`: runs a task as a process on this machine."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meltano_pods.cli.airflow_values import airflow_values
from meltano_pods.cli.here import WORK, environment_here, is_here, variables_here
from meltano_pods.cli.report import end_run
from meltano_pods.local.environment import own_variables, run_environment
from meltano_pods.local.run import Request, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from meltano_pods.cli.asked import Asked
    from meltano_pods.results.task_report import RunEnd
    from meltano_pods.tasks.relay import Log


def run_local(asked: Asked, log: Log) -> RunEnd:
    """Run a task to its end.

    Raises:
        ValuesMissingError: Airflow lacks a value for it.
        RunnerMissingError: There is no runner on this machine.
    """
    environment = local_environment(asked, airflow_values(asked))
    if is_here(asked.root):
        (asked.root / WORK).mkdir(exist_ok=True)  # SQLite makes no folder
    grace = asked.task.settings.termination_grace_period.total_seconds()
    run = Run(Request(asked.spec.arguments, asked.folder, environment, grace, asked.root), log)
    with _stopping(run, log):
        return end_run(asked, run.perform())


def local_environment(asked: Asked, values: Mapping[str, str]) -> dict[str, str]:
    """Return all variables of a task's process on this machine.

    Args:
        asked: The task.
        values: Those of `airflow_env`.
    """
    settings, deployment = asked.task.settings, asked.deployment.settings
    not_secret = (*deployment.not_secret, *settings.not_secret)
    local = is_here(asked.root)
    return run_environment(
        environment_here(os.environ) if local else os.environ,
        own_variables(asked.spec.env, values, settings.airflow_env, not_secret),
        # The deployment's over those of all runs on this machine.
        defaults={**(variables_here(asked.root) if local else {}), **deployment.local_env},
        project=asked.folder,
        environment=asked.spec.environment,
    )


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
