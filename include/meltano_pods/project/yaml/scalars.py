"""The types of plain YAML scalars in YAML 1.2, as ruamel.yaml, which Meltano uses, reads them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BEGINS_NUMBER = frozenset("+-.0123456789")
# Longer numbers do not occur in a project.
_INT = re.compile(r"[-+]?[0-9][0-9_]{0,40}")
_BASED = re.compile(r"[-+]?0(?:b[01][01_]{0,40}|o[0-7][0-7_]{0,40}|x[0-9a-fA-F][0-9a-fA-F_]{0,40})")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)"
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ].*)?")
# As in YAML, more lenient than ISO 8601: `2024-1-2 3:04:05 +1`.
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d)(?:\.\d*)?)?"
    r"[ \t]*(?:([Zz])|([-+])(\d\d?)(?::?(\d\d))?)?)?",
    re.ASCII,
)


def resolve_scalar(text: str) -> str | float | bool | None:
    """Return the value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINS_NUMBER:
        return text
    digits = text.replace("_", "")
    if _INT.fullmatch(text):
        return int(digits)
    if _BASED.fullmatch(text):
        return int(digits, 0)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return float(digits) if _FLOAT.fullmatch(text) else text


def is_date(text: str) -> bool:
    """Return whether Meltano's reader converts it to a date; `resolve_scalar` keeps it as text."""
    return _DATE.fullmatch(text) is not None


def parse_date(text: str) -> datetime | None:
    """Return the date, or date and time, in a text; None if it is not one.

    Without an offset, it has no time zone. Fractions of a second are dropped.
    """
    if (found := _TIMESTAMP.fullmatch(text.strip())) is None:
        return None
    *numbers, utc, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = (int(each or 0) for each in numbers)
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset) if utc or sign else None
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:  # such as the 31st of June
        return None
