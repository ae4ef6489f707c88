"""Relays a run's output to the task's log."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Protocol

from meltano_runner.contract.message import EXPLAINED_BY, RESULT_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEVEL = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) +(.*)", re.DOTALL)
_EXPLANATION = re.compile(rf"(ERROR|WARNING) {EXPLAINED_BY}: ")
_RESULT = f'{{"{RESULT_KEY}"'


class Log(Protocol):
    """The methods of a logger that are needed here."""

    def log(self, level: int, msg: str, /, *args: object) -> object:
        """Write one line at a level."""

    def info(self, msg: str, /, *args: object) -> object:
        """Write one line at INFO."""

    def warning(self, msg: str, /, *args: object) -> object:
        """Write one line at WARNING."""


def is_result(line: str) -> bool:
    """Whether a line is the run's result, which the runner writes last."""
    return line.startswith(_RESULT)


def relay(lines: Iterable[str], log: Log) -> None:
    """Write each line at the level it starts with, except for those that are repeated afterwards.

    These are the result, which is summarized, and the reason of a failure, which the task's error
    contains.

    Lines at DEBUG are written at INFO: they were requested for this run, and Airflow's own level
    would drop them.
    """
    for line in lines:
        if is_result(line) or _EXPLANATION.match(line) or not line.strip():
            continue
        match = _LEVEL.fullmatch(line)
        if match is None or match[1] == "DEBUG":
            log.log(logging.INFO, "%s", line)
        else:
            log.log(logging.getLevelNamesMapping()[match[1]], "%s", match[2])
