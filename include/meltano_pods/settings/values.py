"""Readings of single values: durations, dates, time zones, environment variables.

Each raises a ValueError that says what is allowed, to go on from the key's name (`takes a map`);
`check` adds where and the rest.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pydantic_core import PydanticCustomError

from meltano_pods.names import nearest
from meltano_pods.settings.durations import nearest_duration
from meltano_pods.settings.run_variables import refuse_run_variable

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
LINK_PATTERN = r"^(https?://|mailto:)\S+$"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_duration(value: object) -> object:
    """Read seconds or a string like `90s`, `5m`, `2h30m` as a timedelta."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _seconds(float(value))
    if isinstance(value, str) and value and (match := _DURATION.fullmatch(value.strip())):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return _seconds(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    takes = "takes seconds or a duration such as 90s, 5m, 2h30m, 1d"
    near = nearest_duration(value)
    if near is None:
        raise ValueError(takes)
    raise PydanticCustomError("duration", "{message}", {"message": takes, "near": near})


def _seconds(value: float) -> timedelta:
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError):
        raise ValueError("takes a shorter duration") from None


def check_link(value: object) -> object:
    """Accept an address that a person can open."""
    if value is not None and not (isinstance(value, str) and re.search(LINK_PATTERN, value)):
        raise ValueError("takes an address that begins with https:// or mailto:")
    return value


def parse_start_date(value: object) -> object:
    """Read an ISO date, or date and time; a number (seconds since 1970) is refused."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("takes a date such as 2026-01-31 or 2026-01-31T06:00:00")


def check_timezone(value: object) -> object:
    """Accept an IANA name that this machine knows."""
    takes = "takes the name of a time zone such as Europe/Berlin"
    if not isinstance(value, str):
        raise ValueError(takes)  # noqa: TRY004
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = nearest(value, available_timezones())
        said = f"Did you mean `{near}`? " if near else ""
        fix = f"{said}Write it as `timezone: {near or 'Europe/Berlin'}`."
        context = {"message": takes, "fix": fix}
        raise PydanticCustomError("timezone", "{message}", context) from None
    return value


def check_needs(value: object) -> object:
    """Accept a list of task ids, or `all`."""
    if value is None or value == "all":
        return value
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, str) and each for each in value
    ):
        raise ValueError("takes a list of task ids, or the word all")
    return tuple(dict.fromkeys(value))


def whole_number(value: object) -> object:
    """Refuse booleans and strings where a whole number is meant; pydantic would take them."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("takes a whole number")  # noqa: TRY004
    return value


def check_environment(value: object) -> object:
    """Accept names and plain values; `secret_check` looks for secrets among them."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {NAME: value}")  # noqa: TRY004
    checked = {}
    for name, each in value.items():
        try:
            checked[name] = check_variable(name, each)
        except ValueError as error:
            # The name goes along, so that `check` can name the line of this one variable.
            context = {"name": name, "message": str(error)}
            raise PydanticCustomError("variable", "{message}", context) from None
    return checked


def check_variable(name: str, value: object) -> str:
    """Return the value of one environment variable as text.

    Raises:
        ValueError: A bad name, an option of Meltano's, or a value that is no plain text or number;
            the message names the variable and never shows its value.
    """
    check_name(name)
    refuse_run_variable(name)
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "map"
        raise ValueError(f"{name} takes a string, found a {kind}")  # noqa: TRY004
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} takes a string: quote the value, an empty one as ''")  # noqa: TRY004
    return str(value)


def check_name(name: object) -> None:
    """Accept the name of an environment variable.

    Raises:
        ValueError: It is none.
    """
    if not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
        raise ValueError(f"{name!r} is no name of an environment variable: use A-Z, 0-9 and _")


def inner_error(name: str, message: str, fix: str = "") -> PydanticCustomError:
    """Return an error at a key below the setting, so that `check` can name its line.

    Args:
        name: Dotted path of the key below the setting.
        message: What is wrong, and what is allowed, in a whole sentence.
        fix: What to do about it; empty for nothing more than that.
    """
    return PydanticCustomError("inner", "{message}", {"name": name, "message": message, "fix": fix})
