"""An interval is taken if and only if Airflow's timetable can run it."""

from __future__ import annotations

from itertools import product

import pendulum
import pytest
from airflow.exceptions import AirflowTimetableInvalid
from airflow.timetables.base import TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from croniter import CroniterBadDateError  # type: ignore[import-untyped]
from meltano_pods.project.cron import find_interval_error

NAMES = ("minute", "hour", "day", "month", "weekday")
# Bounds of each field, and words that it may hold.
FIELDS = {
    "minute": (0, 59, ()),
    "hour": (0, 23, ()),
    "day": (1, 31, ("l", "L", "15W", "l,15", "?")),
    "month": (1, 12, ("jan", "JAN,dec", "nov-feb")),
    "weekday": (0, 7, ("sun", "fri-mon", "L5", "5#2", "fri#5", "5#6", "mon#1,fri", "5L", "?")),
}


def parts(name: str) -> list[str]:
    """Return what may be written in one field, right and wrong."""
    low, high, words = FIELDS[name]
    third = low + (high - low) // 3
    numbers = [low - 1, low, third, high, high + 1, f"0{third}"]
    ranges = [f"{a}-{b}" for a, b in product((low, third, high), repeat=2)]
    steps = [f"{base}/{step}" for base in ("*", third, ranges[1], ranges[6]) for step in (0, 2, 90)]
    bad = ["", "-", f"{low}-", f"-{low}", "*-5", "/5", "x", "*/x", f"{low},,{high}", "1-2-3", "?"]
    lists = [f"{low},{high}", f"{third},{ranges[6]},*/5", "L", "*,*"]
    return [*map(str, numbers), *ranges, *steps, *bad, *lists, *words]


@pytest.mark.parametrize("name", NAMES)
def test_each_field(name: str) -> None:
    at = NAMES.index(name)
    fields = ["*"] * 5
    for part in parts(name):
        fields[at] = part
        agree(" ".join(fields))


@pytest.mark.parametrize("weekday", ["*", "mon", "5#5", "?"])
def test_days_that_may_never_come(weekday: str) -> None:
    days = ("28", "29", "30", "31", "30,31", "30-2", "31/2", "L", "1W")
    months = ("2", "2,4", "apr", "1-2", "*/2", "nov-feb", "feb-feb")
    for day, month in product(days, months):
        agree(f"0 0 {day} {month} {weekday}")


def agree(interval: str) -> None:
    assert (find_interval_error(interval) is None) == runs(interval), interval


def runs(interval: str) -> bool:
    """Return whether Airflow can say when a DAG of this interval runs."""
    if len(interval.split()) != 5:
        return False  # with seconds, or a year: Meltano has neither
    try:
        timetable = CronDataIntervalTimetable(interval, timezone="UTC")
        timetable.validate()
        info = timetable.next_dagrun_info(
            last_automated_data_interval=None,
            restriction=TimeRestriction(pendulum.datetime(2026, 1, 1), None, catchup=True),
        )
    except (AirflowTimetableInvalid, CroniterBadDateError):
        return False
    return info is not None
