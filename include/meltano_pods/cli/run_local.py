"""`meltano-pods run --local`: runs a task as a process on this machine."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meltano_pods.cli.local_paths import (
    WORK,
    build_local_variables,
    drop_plugin_folder,
    has_local_meltano,
)
from meltano_pods.cli.run_report import build_run_end
from meltano_pods.local.environment import build_run_environment, build_task_variables
from meltano_pods.local.run import LocalRun, ProcessRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from meltano_pods.cli.run_request import RunRequest
    from meltano_pods.results.task_report import RunEnd
    from meltano_pods.tasks.relay import Log


def run_local(request: RunRequest, log: Log) -> RunEnd:
    """Run a task to its end.

    Raises:
        ValuesMissingError: Airflow lacks a value of `airflow_env`.
        RunnerMissingError: There is no runner on this machine.
    """
    environment = build_local_environment(request, request.read_airflow_values())
    if has_local_meltano(request.root):
        (request.root / WORK).mkdir(exist_ok=True)  # SQLite does not create folders
    grace = request.task.settings.termination_grace_period.total_seconds()
    run = LocalRun(
        ProcessRequest(request.spec.arguments, request.folder, environment, grace, request.root),
        log,
    )
    with _handle_interrupts(run, log):
        return build_run_end(request, run.perform())


def build_local_environment(request: RunRequest, values: Mapping[str, str]) -> dict[str, str]:
    """Return all variables of a task's process on this machine.

    Args:
        request: The task.
        values: Those of `airflow_env`.
    """
    settings, deployment = request.task.settings, request.deployment.settings
    not_secret = (*deployment.not_secret, *settings.not_secret)
    local = has_local_meltano(request.root)
    return build_run_environment(
        drop_plugin_folder(os.environ) if local else os.environ,
        build_task_variables(request.spec.env, values, settings.airflow_env, not_secret),
        # The deployment overrides the defaults of this machine.
        defaults={**(build_local_variables(request.root) if local else {}), **deployment.local_env},
        project=request.folder,
        environment=request.spec.environment,
    )


@contextmanager
def _handle_interrupts(run: LocalRun, log: Log) -> Iterator[None]:
    """Let the run save its state if the command is interrupted."""

    def stop(number: int, _frame: FrameType | None) -> None:
        log.warning(
            "%s: stopping the run after it has loaded what it has extracted",
            signal.Signals(number).name,
        )
        run.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
