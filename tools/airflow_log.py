"""Airflow's console log, reduced to the lines of tasks."""

from __future__ import annotations

import re

OPERATORS = "airflow.task.operators.meltano_pods"
"""Logger of our operators' tasks."""
DAG_FILES = "airflow.dag_processing"
"""Logger of what reads DAG files."""

# Airflow's console line around what the task says: time, level, text, logger, place.
_TASK_LINE = re.compile(
    rf"^\S+ \[(?P<level>\w+)\s*\] (?P<text>.*?)\s+\[{re.escape(OPERATORS)}\S*\]"
)
_TASK_FAILED = "Task failed with exception"
_TRACEBACK = "Traceback (most recent call last):"
_OWN_ERROR = re.compile(r"^meltano_pods\.[\w.]+: ")


def own_words(trace: str) -> str:
    """Return one of our errors without its traceback, and any other error unchanged."""
    _, ours, output = trace.rpartition("\nmeltano_pods.")
    return output.partition(": ")[2].rstrip() if ours else trace


class AirflowLog:
    """Takes Airflow's lines one by one and returns those to show.

    The traceback of our own errors is omitted, because they contain the place and the fix. That of
    any other error is kept.
    """

    def __init__(self) -> None:
        """Start outside of a traceback."""
        self._held: list[str] = []

    def show(self, line: str) -> list[str]:
        """Return what to show now that `line` has come."""
        line = line.rstrip("\n")
        if self._held:
            if line.startswith(" "):
                self._held.append(line)
                return []
            held, self._held = self._held, []
            own = _OWN_ERROR.match(line)
            return [line[own.end() :]] if own else [*held, line]
        if line == _TRACEBACK:
            self._held.append(line)
            return []
        if match := _TASK_LINE.match(line):
            level = match["level"]
            return [match["text"] if level == "info" else f"{level.upper()} {match['text']}"]
        return [] if _TASK_FAILED in line else [line]
