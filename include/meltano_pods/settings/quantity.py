"""Kubernetes quantities: `250m`, `512Mi`, `1.5`.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?")
_WHOLE = re.compile(r"[1-9][0-9]*(?:Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?")
_LIKE_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp])(?:i?b|ib?)?", re.IGNORECASE)
_BINARY = {unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)}
_BINARY |= {"Pi": Decimal(1024) ** 5, "Ei": Decimal(1024) ** 6}
_DECIMAL = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
}
_UNITS = _BINARY | _DECIMAL


def parse_quantity(value: object) -> Decimal:
    """Return a quantity as a number of cores, bytes or things.

    Raises:
        ValueError: It is none, or negative.
    """
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        match = _QUANTITY.fullmatch(str(value).strip())
        if match is not None:
            number, exponent, unit = match.groups()
            return Decimal(number + (exponent or "")) * _UNITS.get(unit or "", Decimal(1))
    raise ValueError(f"{value!r} is no quantity: write it as 250m, 2, 512Mi or 1.5Gi")


def nearest_quantity(value: object) -> str | None:
    """Return the quantity that a number of bytes was meant to be, as in `512MB`; None for none."""
    found = _LIKE_BYTES.fullmatch(str(value).strip())
    return None if found is None else f"{found[1]}{found[2].upper()}i"


def add_quantities(values: Iterable[str]) -> str:
    """Return the sum, in the largest unit of those given that leaves it whole."""
    given = list(values)
    if len(given) == 1 and _WHOLE.fullmatch(given[0]):
        return given[0]
    total = sum((parse_quantity(value) for value in given), Decimal(0))
    units = {match[3] or "" for value in given if (match := _QUANTITY.fullmatch(value.strip()))}
    for unit in sorted(units, key=lambda unit: -_UNITS.get(unit, Decimal(1))):
        count = total / _UNITS.get(unit, Decimal(1))
        if count == count.to_integral_value():
            return f"{int(count)}{unit}"
    if total == total.to_integral_value():
        return str(int(total))
    # Nothing smaller exists: Kubernetes rounds up to it, too.
    return f"{int((total / _DECIMAL['n']).to_integral_value())}n"
