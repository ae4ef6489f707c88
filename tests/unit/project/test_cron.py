"""Which intervals are taken; tests/dags/test_cron.py compares with Airflow's timetable."""

from __future__ import annotations

import subprocess
import sys

import pytest
from meltano_pods.project.cron import find_interval_error, to_cron

GOOD = [
    "0 22-2 * * *", "50-10/5 * * * *", "* * 28-3 * *", "* * * nov-feb *", "0 0 * * fri-mon",
    "*/90 * * * *", "0 0 L * *", "0 0 1W * *", "0 0 * * L5", "0 0 * * fri#2", "0 0 ? * ?",
    "0 0 29 2 *", "0  3\t* * *", "@Daily", "@quarterly", "@manual",
]  # fmt: skip
# The interval, a telling part of the error and of its fix.
BAD = [
    ("* * * *", "4 fields, not 5", "five fields"),
    ("0 0 0 * * *", "6 fields, not 5", "five fields"),
    ("60 * * * *", "minute '60'", "0 to 59"),
    ("0,61 * * * *", "minute '0,61'", "0 to 59"),
    ("* ? * * *", "hour '?'", "0 to 23"),
    ("0 0 L-2 * *", "day of the month 'L-2'", "`L`"),
    ("* * * january *", "month 'january'", "jan to dec"),
    ("* * * * 5#6", "day of the week '5#6'", "mon-fri"),
    ("* * * * mon#1,fri", "day of the week 'mon#1,fri'", "mon-fri"),
    ("H * * * *", "minute 'H'", "0 to 59"),
    ("0 0 31 2,4 *", "never occurs", "28 2"),
    ("0 0 28 apr 5#5", "never occurs", "fri#2"),
    ("@dayly", "unknown alias", "Did you mean `@daily`?"),
    ("@continuous", "unknown alias", "@daily"),
]


@pytest.mark.parametrize("interval", GOOD)
def test_good(interval: str) -> None:
    assert find_interval_error(interval) is None


@pytest.mark.parametrize(("interval", "what", "fix"), BAD)
def test_bad(interval: str, what: str, fix: str) -> None:
    problem = find_interval_error(interval)
    assert problem is not None
    assert what in problem[0]
    assert fix in problem[1]


@pytest.mark.parametrize("field", ["R", "r/10", "R(0-5)"])
def test_a_random_field_is_rejected(field: str) -> None:
    """Each reading of the file would give the DAG another schedule."""
    problem = find_interval_error(f"{field} * * * *")
    assert problem is not None
    assert f"minute {field!r}" in problem[0]


@pytest.mark.parametrize("interval", [interval for interval, _, _ in BAD])
def test_every_example_of_a_fix_is_valid(interval: str) -> None:
    problem = find_interval_error(interval)
    assert problem is not None
    examples = [each for each in problem[1].split("`")[1::2] if " " in each]
    assert [find_interval_error(each) for each in examples] == [None] * len(examples)
    assert examples or "@" in problem[1]


@pytest.mark.parametrize(
    ("interval", "cron"),
    [
        (None, None), ("@manual", None), ("@none", None), ("@once", "@once"), ("@Once", "@once"),
        ("@midnight", "0 0 * * *"), ("@annually", "0 0 1 1 *"), ("5 4 * * *", "5 4 * * *"),
        ("@quarterly", "0 0 1 */3 *"),
    ],
)  # fmt: skip
def test_what_is_scheduled(interval: str | None, cron: str | None) -> None:
    assert to_cron(interval) == cron


def test_aliases_need_no_croniter() -> None:
    code = (
        "import sys; from meltano_pods.project import cron; cron.find_interval_error('@daily'); "
        "sys.exit('croniter' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
