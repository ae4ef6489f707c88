"""One run as a subprocess, from start to result.

Separate from the operator, so that parsing a DAG file does not import what only a worker needs.
"""

from __future__ import annotations

import shlex
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import decode_result
from meltano_runner.contract.result import Outcome, ResultError, RunResult

from meltano_pods.local.child import Child
from meltano_pods.local.environment import build_contract_variables
from meltano_pods.local.runner import find_runner
from meltano_pods.tasks.relay import relay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.tasks.relay import Log

_MARGIN_SECONDS = 5.0
"""What the guard allows beyond the grace period, which the runner itself observes."""
_SIGKILL, _SIGTERM = -9, -15


@dataclass(frozen=True, slots=True)
class ProcessRequest:
    """What to run.

    Attributes:
        arguments: What follows `meltano-runner`.
        project: The project's folder.
        environment: The run's environment, without the contract's variables.
        grace: Seconds from SIGTERM to SIGKILL.
        root: The Airflow project's folder; None if Airflow's configuration names it.
    """

    arguments: Sequence[str]
    project: Path
    environment: Mapping[str, str]
    grace: float
    root: Path | None = None

    @property
    def where(self) -> str:
        """Project and command, as typed in a shell."""
        return f"{self.project.name}: {shlex.join(['meltano-runner', *self.arguments])}"


class LocalRun:
    """A run that can be stopped from a signal handler while `perform` waits for it."""

    def __init__(self, request: ProcessRequest, log: Log) -> None:
        """Prepare; nothing is started yet."""
        self._request = request
        self._log = log
        self._child: Child | None = None
        self._stopped = False

    def perform(self) -> RunResult:
        """Run to the end and return the result, however it ended.

        Raises:
            RunnerMissingError: There is no runner on this machine.
        """
        project = self._request.project
        runner = find_runner(project, self._request.root)
        command = [str(runner), *self._request.arguments]
        self._log.info("%s", self._request.where)
        return self._run(command)

    def stop(self) -> None:
        """Stop the run; `perform` relays its output until it ends."""
        self._stopped = True
        if self._child is not None:
            self._child.stop()

    def _run(self, command: list[str]) -> RunResult:
        started = monotonic()
        grace = self._request.grace
        with tempfile.TemporaryDirectory(prefix="meltano-run-") as folder:
            file = Path(folder) / "result.json"
            child = Child(
                command,
                directory=self._request.project,
                environment={**self._request.environment, **build_contract_variables(file, grace)},
                grace=grace + _MARGIN_SECONDS,
                private=Path(folder),
            )
            with closing(child):
                self._child = child
                try:
                    if self._stopped:  # while the child was being started
                        child.stop()
                    self._follow(child)
                finally:
                    self._child = None
                code = child.wait()
            seconds = monotonic() - started
            result = read_result(file, code, stopped=self._stopped, seconds=seconds)
        if self._stopped and result.outcome is Outcome.SUCCEEDED:
            # The run ended before the signal reached it. But Airflow has already reported the end
            # of the killed task, so it must not become a success afterwards.
            return replace(result, outcome=Outcome.STOPPED, category=Category.STOPPED)
        return result

    def _follow(self, child: Child) -> None:
        try:
            relay(child.lines(), self._log)
        except BaseException as error:
            # Airflow's execution timeout arrives as an exception, from a signal handler.
            self._log.warning("Stopping the run: %s", type(error).__name__)
            child.stop()
            relay(child.lines(), self._log)
            raise


def read_result(file: Path, exit_code: int, *, stopped: bool, seconds: float) -> RunResult:
    """Return the run's result.

    Args:
        file: Where the runner writes it.
        exit_code: Of the runner, negative for a signal.
        stopped: Whether it received SIGTERM from us.
        seconds: Wall time, for a run that left no result.
    """
    try:
        return decode_result(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        lost = "it left no result"
    except (OSError, ValueError, ResultError) as error:
        lost = f"its result cannot be read ({error})"
    category, error_text = _without_result(exit_code, stopped=stopped)
    return RunResult(
        outcome=Outcome.STOPPED if category is Category.STOPPED else Outcome.FAILED,
        exit_code=exit_code,
        category=category,
        error=f"{error_text}; {lost}",
        seconds=seconds,
    )


def _without_result(exit_code: int, *, stopped: bool) -> tuple[Category, str]:
    if stopped:
        killed = " and was killed after its grace period" if exit_code == _SIGKILL else ""
        return Category.STOPPED, f"the runner was stopped{killed}"
    if exit_code == _SIGKILL:
        return Category.OUT_OF_MEMORY, (
            "the runner was killed by signal 9, most likely by the kernel for lack of memory"
        )
    if exit_code == _SIGTERM:
        return Category.STOPPED, "the runner received SIGTERM from outside Airflow"
    return Category.UNKNOWN, f"the runner ended with exit code {exit_code}"
