"""What `make run` shows of Airflow's log, and `make airflow` of Airflow's start."""

from __future__ import annotations

import re
from time import monotonic
from typing import TYPE_CHECKING

from tools.airflow_here import tell_healthy
from tools.airflow_log import OPERATORS, AirflowLog, own_words

if TYPE_CHECKING:
    import pytest

PREFIX = "2026-11-23T06:26:45.604549Z"


def shown(*lines: str) -> list[str]:
    log = AirflowLog()
    return [each for line in lines for each in log.show(f"{line}\n")]


def test_a_line_of_a_task_is_shown_without_airflows_frame() -> None:
    line = f"{PREFIX} [info     ] tap-csv: hello [world]   [{OPERATORS}.process.X] loc=relay.py:38"
    assert shown(line) == ["tap-csv: hello [world]"]


def test_a_level_that_matters_is_kept() -> None:
    line = f"{PREFIX} [warning  ] meltano: no state   [{OPERATORS}.process.X] loc=relay.py:38"
    assert shown(line) == ["WARNING meltano: no state"]


def test_our_own_error_comes_without_its_traceback() -> None:
    assert shown(
        f"{PREFIX} [error    ] Task failed with exception     [task] loc=task_runner.py:1651",
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in f',
        "    f()",
        "meltano_pods.failures.failure.RunFailedError: tap_failed: it ended.",
        "  fix: repair it",
    ) == ["tap_failed: it ended.", "  fix: repair it"]


def test_any_other_error_keeps_its_traceback() -> None:
    lines = ["Traceback (most recent call last):", "  File x", "KeyError: 'a'"]
    assert shown(*lines) == lines


def test_what_is_not_a_tasks_is_left_as_it_is() -> None:
    assert shown("sqlite3.OperationalError: locked") == ["sqlite3.OperationalError: locked"]


def test_an_import_error_in_our_own_words() -> None:
    trace = "Traceback\n  File ...\nmeltano_pods.errors.ProjectError: the file is empty\n  fix: x\n"
    assert own_words(trace) == "the file is empty\n  fix: x"
    assert own_words("Traceback\nZeroDivisionError: x") == "Traceback\nZeroDivisionError: x"


def test_the_parts_of_airflow_are_told_as_they_become_healthy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    began, waited = monotonic(), set[str]()
    for unwell in (
        ["API server (refused)"],
        ["API server (503)"],
        ["scheduler", "dag_processor"],
        ["dag_processor"],
        [],
    ):
        waited = tell_healthy(began, waited, unwell)
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"^ +[\d.]+ s  ", "", line) for line in lines] == [
        "API server",
        "scheduler",
        "dag processor",
    ]
