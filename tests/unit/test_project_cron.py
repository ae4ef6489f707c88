"""What we accept as an interval is what Airflow can run, and nothing that Meltano refuses."""

from __future__ import annotations

import pytest
from croniter import croniter  # type: ignore[import-untyped]
from meltano_pods.project.cron import cron_of, cron_problem

GOOD = [
    "0 0 * * *", "*/5 * * * *", "0 3,15 * * mon-fri", "0 0 1 jan *", "0 0 l * *", "0 0 * * 7",
    "0 0 * * fri-mon", "0 0 * * 5-1", "5-50/5 0-6 1-7 1-12/3 *", "0 0 1 */3 *", "0 0 * * sun",
    "0 0 * * 5#2", "0 0 * * l5", "0 0 ? * *", "0 0 * * ?",
]  # fmt: skip
BAD = [
    "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *",
    "* * * * 8",
    "*/0 * * * *", "*/x * * * *", "1- * * * *", "a * * * *",
    "0 0 * * xyz", "5,, * * * *",
    "/5 * * * *", "0 0 * * 5#6", "50-10 * * * *",
]  # fmt: skip


@pytest.mark.parametrize("interval", GOOD)
def test_good(interval: str) -> None:
    assert cron_problem(interval) is None
    assert croniter.is_valid(interval)


@pytest.mark.parametrize("interval", BAD)
def test_bad(interval: str) -> None:
    assert cron_problem(interval) is not None


@pytest.mark.parametrize(
    ("interval", "cron"),
    [
        (None, None), ("@manual", None), ("@none", None), ("@once", "@once"),
        ("@midnight", "0 0 * * *"), ("@annually", "0 0 1 1 *"), ("5 4 * * *", "5 4 * * *"),
    ],
)  # fmt: skip
def test_what_is_scheduled(interval: str | None, cron: str | None) -> None:
    assert cron_of(interval) == cron
