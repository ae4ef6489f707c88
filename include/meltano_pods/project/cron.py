"""The intervals that Airflow can schedule.

Meltano checks an interval only when `meltano schedule add` writes it, so a file may contain any.
Airflow's timetable checks and computes with croniter. It is imported only for an interval that is
not an alias, because that takes about as long as reading a small project.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from meltano_pods.names import list_names, suggest

MANUAL = ("@manual", "@none")
ONCE = "@once"
CRON_OF_ALIAS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    # Airflow's alias; Meltano accepts it in a file, although its `schedule add` does not.
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
ALIASES = (*CRON_OF_ALIAS, *MANUAL, ONCE)

# Name, allowed values and an example for each field of a cron expression.
_FIELDS = (
    ("minute", "0 to 59", "30 * * * *"),
    ("hour", "0 to 23", "0 3 * * *"),
    ("day of the month", "1 to 31, or `L` for the last day", "0 3 1 * *"),
    ("month", "1 to 12, or jan to dec", "0 3 1 jan *"),
    ("day of the week", "0 to 7 (0 and 7 are Sunday), or sun to sat", "0 3 * * mon-fri"),
)
_MAX_SHOWN = 40
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def to_cron(interval: str | None) -> str | None:
    """Return the cron expression of a valid interval, `@once`, or None for manual runs only."""
    if interval is None or (lowered := interval.lower()) in MANUAL:
        return None
    if lowered == ONCE:
        return ONCE
    return CRON_OF_ALIAS.get(lowered, interval)


@lru_cache(maxsize=1024)
def find_interval_error(interval: str) -> tuple[str, str] | None:
    """Return what is wrong with an interval and how to fix it; None if nothing is wrong."""
    if interval.startswith("@"):
        if interval.lower() in ALIASES:
            return None
        near = suggest(interval.lower(), ALIASES)
        return (
            "is an unknown alias",
            f"{near}Write one of {list_names(ALIASES)}, or a cron expression.",
        )
    fields = interval.split()
    if len(fields) != len(_FIELDS):
        what = f"has {len(fields)} field{'s' if len(fields) != 1 else ''}, not 5"
        fix = (
            "Write five fields (minute, hour, day of the month, month, day of the week) such as "
            f"`0 3 * * *`, or one of {list_names(ALIASES)}."
        )
        return what, fix
    for index, field in enumerate(fields):
        alone = ["*"] * len(_FIELDS)
        alone[index] = field
        if _is_random(field) or not _is_valid(" ".join(alone)):
            name, allowed, example = _FIELDS[index]
            shown = field if len(field) <= _MAX_SHOWN else f"{field[:_MAX_SHOWN]}..."
            return (
                f"has the invalid {name} {shown!r}",
                f"Write {allowed}, a list, a range or a step of them, or `*`, as in `{example}`.",
            )
    if not _has_next(" ".join(fields)):
        what = (
            "never occurs: its months have no such day, or it has a day of the month and an nth "
            "weekday (`#`), which Airflow cannot combine"
        )
        fix = (
            "Write a day that exists, such as `0 3 28 2 *`, or `L` for the last one, as in "
            "`0 3 L 2 *`; or one of the two, as in `0 3 * 2 fri#2`."
        )
        return what, fix
    return None


def _is_random(field: str) -> bool:
    """Whether croniter replaces it by a random number, a different one each time."""
    return field[:1] in {"r", "R"}


def _is_valid(expression: str) -> bool:
    from croniter import croniter  # type: ignore[import-untyped]  # noqa: PLC0415 - costs 40 ms

    return bool(croniter.is_valid(expression))


def _has_next(expression: str) -> bool:
    from croniter import CroniterError, croniter  # noqa: PLC0415

    try:
        croniter(expression, _SOME_DAY).get_next()
    except CroniterError:
        return False
    return True
