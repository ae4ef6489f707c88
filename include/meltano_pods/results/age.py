"""Determines how old a bookmark is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def parse_time(bookmark: str | None) -> datetime | None:
    """Return the time in a bookmark; None if it is not a date or time in ISO 8601.

    A number is not a time: an epoch looks like a counter. A time without an offset is UTC.
    """
    if bookmark is None or bookmark.isdigit():
        return None
    try:
        time = datetime.fromisoformat(bookmark)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def find_newest(bookmarks: Iterable[str | None]) -> str | None:
    """Return the bookmark of the latest time; None if none is a time."""
    times = {each: time for each in bookmarks if each and (time := parse_time(each))}
    return max(times, key=lambda each: times[each]) if times else None


def get_age(bookmark: str, now: datetime) -> float:
    """Return the age in seconds of a bookmark that is a time."""
    time = parse_time(bookmark)
    if time is None:
        raise ValueError(f"{bookmark} is not a time; use find_newest")
    return (now - time).total_seconds()


def format_age(seconds: float) -> str:
    """Return a duration in its two largest units, such as `3d 4h`."""
    left, parts = int(seconds), []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
