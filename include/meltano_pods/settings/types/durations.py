"""Durations: `90s`, `5m`, `2h30m`; errors suggest what `1 hour`, `PT1H` or `01:30:00` stand for.

Errors and pages show durations in this notation.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
# Only errors need these, so they are compiled at first use.
_PART = (
    r"(\d+(?:\.\d+)?)\s*"
    r"(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-su-z])"
)
_ISO = r"^pt?(?=\d)"
_FILLER = r",|\band\b"
_CLOCK = r"(\d{1,3}):(\d\d)(?::(\d\d))?"
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def parse_duration(value: object) -> object:
    """Parse seconds or a string like `90s`, `5m`, `2h30m` as a timedelta."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _convert_seconds(float(value))
    if isinstance(value, str) and value and (match := _DURATION.fullmatch(value.strip())):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return _convert_seconds(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    takes = "takes seconds or a duration such as 90s, 5m, 2h30m, 1d"
    near = guess_duration(value)
    if near is None:
        raise ValueError(takes)
    raise PydanticCustomError("duration", "{message}", {"message": takes, "near": near})


def _convert_seconds(value: float) -> timedelta:
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError):
        raise ValueError("takes a shorter duration") from None


def guess_duration(value: object) -> str | None:
    """Return the duration that a value stands for in the notation of settings; None if unknown."""
    text = str(value).strip().lower()
    if clock := re.fullmatch(_CLOCK, text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return _format_duration((hours * 60 + minutes) * 60 + seconds)
    total, rest = 0.0, re.sub(_FILLER, " ", re.sub(_ISO, "", text)).strip()
    while rest:
        if (part := re.match(_PART, rest)) is None:
            return None
        total += float(part[1]) * _SECONDS[part[2][0]]
        rest = rest[part.end() :].removeprefix("t").strip()
    return _format_duration(int(total)) if total and total.is_integer() else None


def format_duration(value: timedelta) -> str:
    """Return a duration in the notation of settings; a fraction of a second as seconds."""
    total = value.total_seconds()
    if total.is_integer():
        return _format_duration(int(total))
    return f"{total:f}".rstrip("0") + "s"


def _format_duration(seconds: int) -> str:
    parts = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _SECONDS[unit])
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


DURATION_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$",
    "examples": ["90s", "5m", "2h30m"],
}
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(DURATION_SCHEMA),
]
