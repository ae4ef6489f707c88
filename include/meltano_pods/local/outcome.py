"""Reads what the run left: its result, or what is known without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import decode
from meltano_runner.contract.result import Outcome, ResultError, RunResult

if TYPE_CHECKING:
    from pathlib import Path

_SIGKILL, _SIGTERM = -9, -15


def read_result(file: Path, exit_code: int, *, stopped: bool, seconds: float) -> RunResult:
    """Return the run's result.

    Args:
        file: Where the runner writes it.
        exit_code: Of the runner, negative for a signal.
        stopped: Whether it received the signal to stop.
        seconds: Wall time, for a run that left no result.
    """
    try:
        return decode(file.read_text(encoding="utf-8"))
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
        killed = " and was killed after its grace" if exit_code == _SIGKILL else ""
        return Category.STOPPED, f"the runner was stopped{killed}"
    if exit_code == _SIGKILL:
        return Category.OUT_OF_MEMORY, (
            "the runner was killed by signal 9, most likely by the kernel for lack of memory"
        )
    if exit_code == _SIGTERM:
        return Category.STOPPED, "the runner received SIGTERM from outside Airflow"
    return Category.UNKNOWN, f"the runner ended with exit code {exit_code}"
