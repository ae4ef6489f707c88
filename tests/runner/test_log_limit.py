"""A log stays readable, and small enough that no node rotates it away, whatever plugins write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_runner.run import log_limit
from meltano_runner.run.log_limit import MAX_LINE, MAX_LOG, LogLimit, cut_line

if TYPE_CHECKING:
    import pytest


def test_a_line_is_cut_and_says_so() -> None:
    assert cut_line("x" * MAX_LINE) == "x" * MAX_LINE
    assert cut_line("x" * (MAX_LINE + 1200)) == "x" * MAX_LINE + " [1,200 more characters]"


def test_a_log_of_usual_size_is_whole() -> None:
    limit = LogLimit()
    assert all(limit.admit("x" * 99, "INFO") for _ in range(80_000))
    assert (limit.take_report(), limit.take_rest()) == (None, [])


def test_above_the_limit_warnings_are_written_and_all_else_is_counted() -> None:
    limit = LogLimit()
    while limit.admit("x" * 999, "INFO"):
        pass
    assert limit.admit("a warning", "WARNING")
    assert not limit.admit("x" * 999, "INFO")
    # Warnings do not come without end either: nodes rotate at 10 MiB.
    assert sum(limit.admit("y" * 999, "ERROR") for _ in range(5_000)) < 1_100


def test_what_was_omitted_is_reported_once_a_minute_and_its_last_lines_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(log_limit, "monotonic", lambda: now[0])
    limit = LogLimit()
    limit.admit("x" * (MAX_LOG - 10), "INFO")
    for number in range(30):
        assert not limit.admit(f"line {number:03}" * 2, "INFO")
    assert limit.take_report() == (
        "30 lines are omitted: the log of a run is limited to 8 MiB, and above it to warnings and "
        "errors; the last ones follow at the end of the run"
    )
    now[0] += 59
    assert limit.take_report() is None
    now[0] += 2
    assert limit.take_report() is not None
    about, *lines = limit.take_rest()
    assert about.endswith("; the last 20 were:")
    assert lines[-1] == "line 029" * 2
    assert len(lines) == 20
