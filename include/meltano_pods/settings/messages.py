"""Says what is wrong with a value, and what is right: pydantic's errors in sentences of our own.

What is right is the example that every setting's field has (`examples`). Readings of values raise
errors that continue the key's name: `takes a map: {NAME: value}`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic.fields import FieldInfo

from meltano_pods.names import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic_core import ErrorDetails

INNER = ("variable", "inner")
"""Types of errors below the setting: they are whole sentences."""

_TAKES = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a map",
    "string_too_long": "at most {max_length} characters",
    "string_type": "a string",
    "too_long": "at most {max_length} characters",
    "tuple_type": "a list",
}
_BOUNDS = ("greater_than_equal", "less_than_equal")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}")
_MAX_SHOWN = 80


def sentence(detail: ErrorDetails, field: FieldInfo, *, secret: bool) -> str:
    """Return what is wrong with a value.

    Args:
        detail: Pydantic's error.
        field: The setting's.
        secret: Whether the value may be a secret, and is not to be shown.
    """
    if detail["type"] in INNER:
        return detail["msg"]
    found = "" if secret else f", found {_shown(detail['input'])}"
    return f"`{_keys(detail)[-1]}` {allowed(detail, field)}{found}"


def allowed(detail: ErrorDetails, field: FieldInfo) -> str:
    """Return what a setting takes, as a phrase that begins with `takes`."""
    context = detail.get("ctx", {})
    if words := choices(detail):
        return f"takes one of {listed(words)}"
    if detail["type"] in _BOUNDS:
        return f"takes {_range(field)}"
    if detail["type"] == "string_too_short" and context["min_length"] == 1:
        return "takes a string that is not empty"
    if (known := _TAKES.get(detail["type"])) is not None:
        return f"takes {known.format(**context)}"
    return detail["msg"].removeprefix("Value error, ")


def remedy(detail: ErrorDetails, field: FieldInfo, write: Callable[[Any], str]) -> str:
    """Return what to do about a wrong value.

    Args:
        detail: Pydantic's error.
        field: The setting's.
        write: Returns the setting with a value, as people write it.
    """
    context = detail.get("ctx", {})
    if fix := context.get("fix"):
        return str(fix)
    near = context.get("near") or nearest(str(detail["input"]), choices(detail))
    if near is not None:
        return f"Did you mean `{near}`? Write it as `{write(near)}`."
    if detail["type"] == "tuple_type" and _NAME.fullmatch(str(detail["input"])):
        return f"Write it as `{write([detail['input']])}`."
    (example, *_) = field.examples or [None]
    return f"Write a valid value, such as `{write(example)}`."


def in_yaml(key: str, value: object) -> str:
    """Return a key with its value on one line of YAML."""
    text = yaml.safe_dump({key: value}, default_flow_style=True, sort_keys=False, width=10**6)
    return text.strip().removeprefix("{").removesuffix("}")


def choices(detail: ErrorDetails) -> list[str]:
    """Return the words of which a value has to be one; none where it is not one of a few."""
    if detail["type"] != "literal_error":
        return []
    return re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))


def _range(field: FieldInfo) -> str:
    """Return the bounds of a setting, as its model has them."""
    found = {name: bound for each in _metadata(field) for name, bound in _bound(each)}
    lowest, highest = found["ge"], found.get("le")
    kind = "seconds or a duration" if isinstance(lowest, timedelta) else "a whole number"
    if highest is None:
        return f"{kind}, at least {_bound_text(lowest)}"
    return f"{kind}, {_bound_text(lowest)} to {_bound_text(highest)}"


def _metadata(field: FieldInfo) -> Iterator[Any]:
    """Yield what is annotated to a setting, or to the type beside None that it is."""
    yield from field.metadata
    for alternative in get_args(field.annotation):
        for each in getattr(alternative, "__metadata__", ()):
            yield from each.metadata if isinstance(each, FieldInfo) else [each]


def _bound(annotated: object) -> Iterator[tuple[str, Any]]:
    for name in ("ge", "le"):
        if (bound := getattr(annotated, name, None)) is not None:
            yield name, bound


def _bound_text(bound: float | timedelta) -> str:
    if not isinstance(bound, timedelta):
        return str(bound)
    seconds = int(bound.total_seconds())
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    return f"{seconds}s" if seconds else "0"


def _keys(detail: ErrorDetails) -> list[str]:
    """Return the setting and the keys below it, without pydantic's own words for alternatives."""
    return [part for part in detail["loc"] if isinstance(part, str) and "[" not in part]


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
