"""Which intervals can be scheduled: what Meltano accepts, as far as Airflow runs it.

Meltano checks an interval only when its command adds the schedule, and then takes a list as soon
as one of its parts is right. Airflow refuses such a DAG late, without naming the file; so every
part is checked here.
"""

from __future__ import annotations

import re

MANUAL = ("@manual", "@none")
ONCE = "@once"
CRON_OF_ALIAS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
ALIASES = (*CRON_OF_ALIAS, *MANUAL, ONCE)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: index for index, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: index for index, name in enumerate(_DAYS)}),
)
_DAY, _WEEKDAY = 2, 4
_SPECIAL = {_DAY: re.compile(r"\?|l"), _WEEKDAY: re.compile(r"\?|l[0-7]|[0-7]#[1-5]")}


def cron_of(interval: str | None) -> str | None:
    """Return the cron expression of a valid interval, `@once`, or None for by hand only."""
    if interval is None or (lowered := interval.lower()) in MANUAL:
        return None
    return CRON_OF_ALIAS.get(lowered, interval)


def cron_problem(interval: str) -> str | None:
    """Say what is wrong with an interval, or return None."""
    if interval.startswith("@"):
        return None if interval in ALIASES else "is no alias that Meltano knows"
    fields = interval.lower().split()
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} field{'s' if len(fields) != 1 else ''}, not 5"
    for index, field in enumerate(fields):
        for part in field.split(","):
            if not _valid(part, index):
                name, low, high, _ = _FIELDS[index]
                return f"has {part!r} as {name}, where {low} to {high} are allowed"
    return None


def _valid(part: str, index: int) -> bool:
    if (special := _SPECIAL.get(index)) and special.fullmatch(part):
        return True
    base, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return False
    if base == "*":
        return True
    start, dash, end = base.partition("-")
    first = _number(start, index)
    if not dash:
        return first is not None
    last = _number(end, index)
    if first is None or last is None:
        return False
    # Only weekdays wrap around: `fri-mon`.
    return first <= last or index == _WEEKDAY


def _number(text: str, index: int) -> int | None:
    _, low, high, names = _FIELDS[index]
    if text in names:
        return names[text]
    if not text.isdecimal() or not text.isascii():
        return None
    return int(text) if low <= int(text) <= high else None
