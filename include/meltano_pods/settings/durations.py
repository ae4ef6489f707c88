"""Durations as other tools and people write them: `1 hour`, `1.5h`, `PT1H`, `01:30:00`."""

from __future__ import annotations

import re

_PART = re.compile(
    r"(\d+(?:\.\d+)?)\s*"
    r"(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-su-z])"
)
_ISO = re.compile(r"^pt?(?=\d)")
_FILLER = re.compile(r",|\band\b")
_CLOCK = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def nearest_duration(value: object) -> str | None:
    """Return the duration that a value is meant to be, as settings take it; None if it is none."""
    text = str(value).strip().lower()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return _write((hours * 60 + minutes) * 60 + seconds)
    total, rest = 0.0, _FILLER.sub(" ", _ISO.sub("", text)).strip()
    while rest:
        if (part := _PART.match(rest)) is None:
            return None
        total += float(part[1]) * _SECONDS[part[2][0]]
        rest = rest[part.end() :].removeprefix("t").strip()
    return _write(int(total)) if total and total.is_integer() else None


def _write(seconds: int) -> str:
    parts = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _SECONDS[unit])
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"
