"""CPU, memory and disk of a pod, in Kubernetes quantities: `250m`, `512Mi`, `1.5`.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from meltano_pods.names import suggest
from meltano_pods.settings.types.errors import build_nested_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?")
_WHOLE = re.compile(r"[1-9][0-9]*(?:Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?")
_LIKE_BYTES = r"(?i)(\d+(?:\.\d+)?)\s*([kmgtp])(?:i?b|ib?)?"  # compiled at the first error
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

PARTS = ("requests", "limits")
_EXAMPLES = {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "1Gi"}
_RESOURCES = tuple(_EXAMPLES)
_BYTES = ("memory", "ephemeral-storage")
_FEWEST_BYTES = 2**20


def parse_quantity(value: object) -> Decimal:
    """Return a quantity as a number of cores, bytes or units.

    Raises:
        ValueError: It is not valid, or negative.
    """
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        match = _QUANTITY.fullmatch(str(value).strip())
        if match is not None:
            number, exponent, unit = match.groups()
            return Decimal(number + (exponent or "")) * _UNITS.get(unit or "", Decimal(1))
    raise ValueError(f"{value!r} is not a quantity, such as 250m, 2, 512Mi or 1.5Gi")


def guess_quantity(value: object) -> str | None:
    """Return the quantity that a number of bytes such as `512MB` stands for; None if unknown."""
    found = re.fullmatch(_LIKE_BYTES, str(value).strip())
    return None if found is None else f"{found[1]}{found[2].upper()}i"


def add_quantities(values: Iterable[str]) -> str:
    """Return the sum, in the largest of the units of `values` in which it is a whole number."""
    quantities = list(values)
    if len(quantities) == 1 and _WHOLE.fullmatch(quantities[0]):
        return quantities[0]
    total = sum((parse_quantity(value) for value in quantities), Decimal(0))
    units = {
        match[3] or "" for value in quantities if (match := _QUANTITY.fullmatch(value.strip()))
    }
    for unit in sorted(units, key=lambda unit: -_UNITS.get(unit, Decimal(1))):
        count = total / _UNITS.get(unit, Decimal(1))
        if count == count.to_integral_value():
            return f"{int(count)}{unit}"
    if total == total.to_integral_value():
        return str(int(total))
    # The smallest unit: Kubernetes rounds up to it, too.
    return f"{int((total / _DECIMAL['n']).to_integral_value())}n"


def check_resources(value: object) -> object:
    """Accept `{requests: {cpu: 250m}, limits: {memory: 1Gi}}`; numbers become strings."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {requests: {cpu: 250m}}")  # noqa: TRY004
    checked: dict[str, dict[str, str]] = {}
    for part, entries in value.items():
        if part not in PARTS:
            raise build_nested_error(
                str(part),
                f"unknown key `{part}`; expected `requests` or `limits`",
                f"Write it as `requests: {{{part}: {_EXAMPLES[part]}}}`, or under `limits`."
                if part in _RESOURCES
                else f"{suggest(str(part), PARTS)}Rename or remove it.",
            )
        if not isinstance(entries, dict):
            raise build_nested_error(str(part), f"`{part}` takes a map: {{memory: 512Mi}}")
        checked[part] = {name: _format_quantity(part, name, each) for name, each in entries.items()}
    if (above := find_request_above_limit(checked)) is not None:
        raise build_nested_error(f"requests.{above}", f"the request of {above} is above its limit")
    return checked


def find_request_above_limit(resources: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the first resource whose request is above its limit, which Kubernetes rejects."""
    limits = resources.get("limits", {})
    for name, request in resources.get("requests", {}).items():
        if name in limits and parse_quantity(request) > parse_quantity(limits[name]):
            return name
    return None


def _format_quantity(part: str, name: Any, value: object) -> str:  # noqa: ANN401 - YAML's keys
    if name not in _RESOURCES and "/" not in str(name):
        raise build_nested_error(
            f"{part}.{name}",
            f"unknown resource `{name}`; expected one of: {', '.join(_RESOURCES)}, or one with a "
            "domain such as nvidia.com/gpu",
            f"{suggest(str(name), _RESOURCES)}Rename or remove it.",
        )
    try:
        number = parse_quantity(value)
    except ValueError as error:
        near = guess_quantity(value) if name in _BYTES else None
        raise build_nested_error(
            f"{part}.{name}",
            str(error),
            f"Did you mean `{near}`? Write it as `{name}: {near}`."
            if near
            else f"Write a valid value, such as `{name}: {_EXAMPLES.get(name, '1')}`.",
        ) from None
    if name in _BYTES and 0 < number < _FEWEST_BYTES:
        digits = "".join(itertools.takewhile(str.isdigit, str(value)))
        raise build_nested_error(
            f"{part}.{name}",
            f"`{name}` is {value!r}, which is {number.normalize():f} bytes: too few for any run",
            f"Did you mean `{digits}Mi`?" if digits else "Write it as 512Mi or 1.5Gi.",
        )
    return str(value)


_QUANTITIES: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        name: {"type": ["string", "number"]} for name in ("cpu", "memory", "ephemeral-storage")
    },
    "additionalProperties": {"type": ["string", "number"]},
}
Resources = Annotated[
    dict[str, dict[str, str]],
    BeforeValidator(check_resources),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"requests": _QUANTITIES, "limits": _QUANTITIES},
            "additionalProperties": False,
        }
    ),
]
