"""`meltano-pods run --embedded`: a task as a process, as the embedded launcher runs it."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meltano_pods.diagnosis import RunFailedError
from meltano_pods.process.environment import run_environment
from meltano_pods.process.run import Request, Run
from meltano_pods.results.lines import tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from meltano_runner.contract import RunResult

    from meltano_pods.cli.run import Asked
    from meltano_pods.process.relay import Log


def run_embedded(asked: Asked, log: Log) -> RunResult:
    """Run a task to its end and return the result of a success.

    Raises:
        RunFailedError: It failed or was stopped.
        RunnerMissingError: There is no runner on this machine.
    """
    environment = run_environment(
        os.environ,
        asked.spec.env,
        defaults=asked.deployment.settings.process_env,
        project=asked.folder,
        environment=asked.spec.environment,
    )
    grace = asked.task.settings.stop_grace.total_seconds()
    run = Run(Request(asked.spec.arguments, asked.folder, environment, grace, tries=""), log)
    with _stopping(run, log):
        try:
            result = run.perform()
        except RunFailedError as error:
            tell(error.failure.result, log)
            raise
    tell(result, log)
    return result


@contextmanager
def _stopping(run: Run, log: Log) -> Iterator[None]:
    """Let the run save its state when somebody interrupts the command."""

    def stop(number: int, _frame: FrameType | None) -> None:
        log.warning("%s: stopping the run, which saves its state", signal.Signals(number).name)
        run.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
