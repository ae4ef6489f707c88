"""Types of single values: dates, time zones, links, whole numbers, task ids."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from meltano_pods.names import find_nearest

Name = Annotated[str, Field(min_length=1, max_length=250)]

_LINK = r"^(https?://|mailto:)\S+$"


def check_link(value: object) -> object:
    """Accept an address that a browser or mail program opens."""
    if value is not None and not (isinstance(value, str) and re.search(_LINK, value)):
        raise ValueError("takes an address that begins with https:// or mailto:")
    return value


def parse_start_date(value: object) -> object:
    """Parse an ISO date, or date and time; a number (seconds since 1970) is rejected."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("takes a date such as 2026-01-31 or 2026-01-31T06:00:00")


def check_timezone(value: object) -> object:
    """Accept an IANA name that exists on this machine."""
    takes = "takes the name of a time zone such as Europe/Berlin"
    if not isinstance(value, str):
        raise ValueError(takes)  # noqa: TRY004
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = find_nearest(value, available_timezones())
        hint = f"Did you mean `{near}`? " if near else ""
        fix = f"{hint}Write it as `timezone: {near or 'Europe/Berlin'}`."
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
        raise ValueError("takes a list of task ids, or `all`")
    return tuple(dict.fromkeys(value))


def check_whole_number(value: object) -> object:
    """Reject booleans and strings, which pydantic would convert to a number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("takes a whole number")  # noqa: TRY004
    return value


Link = Annotated[
    str, BeforeValidator(check_link), WithJsonSchema({"type": "string", "pattern": _LINK})
]
StartDate = Annotated[
    datetime,
    BeforeValidator(parse_start_date),
    WithJsonSchema({"type": "string", "examples": ["2026-01-31"]}),
]
Timezone = Annotated[
    str,
    BeforeValidator(check_timezone),
    WithJsonSchema({"type": "string", "examples": ["UTC", "Europe/Berlin"]}),
]
WholeNumber = Annotated[int, BeforeValidator(check_whole_number)]
Needs = Annotated[Literal["all"] | tuple[Name, ...], BeforeValidator(check_needs)]
