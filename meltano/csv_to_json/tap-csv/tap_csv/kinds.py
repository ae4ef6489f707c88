"""Column kinds: how a cell's text becomes a JSON value, and which kind a column has.

A conversion never changes what the text says. What does not look exactly like a number, a boolean
or a date stays the string it is, so `00123`, `+5`, `NaN` and `.5` are strings.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

type_names = ("integer", "number", "boolean", "date", "date-time", "string")

Value = int | Decimal | bool | str | None

# The digit and exponent bounds keep every number finite in a double, and an integer below the
# length at which Python does not parse one.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,199})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,199})(?:\.[0-9]{1,200})?(?:[eE][+-]?[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_BOOLEANS = {
    word: word.lower() == "true" for word in ["true", "True", "TRUE", "false", "False", "FALSE"]
}
# Words that mean a boolean only where a column is said to be one.
_MORE_BOOLEANS = (
    _BOOLEANS
    | dict.fromkeys(["1", "t", "T", "y", "Y", "yes", "Yes", "YES"], True)
    | dict.fromkeys(["0", "f", "F", "n", "N", "no", "No", "NO"], False)
)


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None or text == "-0":
        raise ValueError(text)
    return int(text)


def _number(text: str) -> Decimal:
    # Decimal and not float: 19.90 stays 19.90, and 0.1234567890123456789 keeps its digits.
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def _boolean(text: str) -> bool:
    try:
        return _MORE_BOOLEANS[text]
    except KeyError:
        raise ValueError(text) from None


def _date(text: str) -> str:
    if _DATE.fullmatch(text) is None:
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def _timestamp(text: str) -> str:
    clock, fraction, offset, _ = _parse_timestamp(text)
    return f"{clock}{fraction}{offset}"


def _instant(text: str) -> tuple[datetime, str]:
    # A datetime holds six decimals, a timestamp may have nine: the fraction is compared as a text.
    _, fraction, _, moment = _parse_timestamp(text)
    return moment, fraction.rstrip("0")


def _parse_timestamp(text: str) -> tuple[str, str, str, datetime]:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, minute, second, fraction, offset = match.groups("")
    if fraction and not second:
        raise ValueError(text)
    clock = f"{day}T{minute}{second or ':00'}"
    offset = offset if offset not in {"", "z"} else "Z"
    return clock, fraction, offset, datetime.fromisoformat(clock + offset)


def _string(text: str) -> str:
    return text


_CONVERTERS: Mapping[str, Callable[[str], Value]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "date-time": _timestamp,
    "string": _string,
}


def converter(kind: str) -> Callable[[str], Value]:
    """Returns the function that makes a value of a cell's text.

    Args:
        kind: One of `type_names`.

    Returns:
        A function that raises ValueError for a text that is not such a value.
    """
    return _CONVERTERS[kind]


def sort_key(kind: str) -> Callable[[str], Any]:
    """Returns the function that makes cells of a replication key comparable.

    Args:
        kind: One of `type_names`.

    Returns:
        A function from a cell's text, or from what `converter` made of it, to a value that sorts.
    """
    if kind == "date-time":
        return _instant
    return _CONVERTERS[kind]


def infer(rows: Iterable[list[str]], width: int) -> list[str]:
    """Finds the narrowest kind that fits every cell of each column.

    Args:
        rows: A sample, each row as wide as the header.
        width: The number of columns.

    Returns:
        A kind for each column; a column without values is a string.
    """
    kinds: list[str | None] = [None] * width
    for row in rows:
        for index, text in enumerate(row):
            kind = kinds[index]
            if text and kind != "string" and not (kind and _fits(kind, text)):
                kinds[index] = _widen(kind, text)
    return [kind or "string" for kind in kinds]


def _widen(kind: str | None, text: str) -> str:
    if kind is None:
        return next(name for name in type_names if _fits(name, text))
    # An integer is also a number; no other two kinds have values in common.
    return "number" if kind == "integer" and _fits("number", text) else "string"


def _fits(kind: str, text: str) -> bool:
    if kind == "boolean":
        return text in _BOOLEANS
    try:
        _CONVERTERS[kind](text)
    except ValueError:
        return False
    return True


def to_schema(kind: str, *, nullable: bool) -> dict[str, Any]:
    """Describes a kind as JSON Schema.

    Args:
        kind: One of `type_names`.
        nullable: Whether the cell may be empty.

    Returns:
        The schema of the property.
    """
    name, form = ("string", kind) if kind in {"date", "date-time"} else (kind, None)
    schema: dict[str, Any] = {"type": [name, "null"] if nullable else [name]}
    return schema | ({"format": form} if form else {})


def from_schema(schema: Mapping[str, Any]) -> str:
    """Reads the kind back from a catalog's property, which a user may have changed.

    Args:
        schema: The schema of the property.

    Returns:
        One of `type_names`; what a cell cannot be (an object, an array) reads as a string.
    """
    declared = schema.get("type", "string")
    names = [declared] if isinstance(declared, str) else list(declared)
    if "string" in names:
        form = schema.get("format")
        return form if form in {"date", "date-time"} else "string"
    return next((name for name in names if name in type_names), "string")
