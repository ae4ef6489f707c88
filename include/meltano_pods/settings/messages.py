"""Turns pydantic's errors into messages: what is wrong, what is allowed, how to fix it.

The fix shows the example that the field of every setting has (`examples`). Validators raise errors
that continue the key's name: `takes a map: {NAME: value}`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from meltano_pods.names import find_nearest, list_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic_core import ErrorDetails

NESTED = ("variable", "nested")
"""Types of errors at a key below the setting: their messages are whole sentences."""

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


def describe_error(detail: ErrorDetails, field: FieldInfo, *, secret: bool) -> str:
    """Return what is wrong with a value.

    Args:
        detail: Pydantic's error.
        field: The setting's.
        secret: Whether the value may be a secret, and is not shown.
    """
    if detail["type"] in NESTED:
        return detail["msg"]
    found = "" if secret else f", found {_format_value(detail['input'])}"
    return f"`{_get_keys(detail)[-1]}` {describe_allowed(detail, field)}{found}"


def describe_allowed(detail: ErrorDetails, field: FieldInfo) -> str:
    """Return what a setting takes, as a phrase that begins with `takes`."""
    context = detail.get("ctx", {})
    if choices := _list_choices(detail, field):
        return f"takes one of {list_names(choices)}"
    if detail["type"] in _BOUNDS:
        return f"takes {_format_range(field)}"
    if detail["type"] == "string_too_short" and context["min_length"] == 1:
        return "takes a string that is not empty"
    if (known := _TAKES.get(detail["type"])) is not None:
        return f"takes {known.format(**context)}"
    return detail["msg"].removeprefix("Value error, ")


def suggest_fix(detail: ErrorDetails, field: FieldInfo, write: Callable[[Any], str]) -> str:
    """Return how to fix a wrong value.

    Args:
        detail: Pydantic's error.
        field: The setting's.
        write: Formats the setting with a value, as users write it.
    """
    context = detail.get("ctx", {})
    if fix := context.get("fix"):
        return str(fix)
    near = context.get("near") or find_nearest(str(detail["input"]), _list_choices(detail, field))
    if near is not None:
        return f"Did you mean `{near}`? Write it as `{write(near)}`."
    if detail["type"] == "tuple_type" and _NAME.fullmatch(str(detail["input"])):
        return f"Write it as `{write([detail['input']])}`."
    (example, *_) = field.examples or [None]
    return f"Write a valid value, such as `{write(example)}`."


def format_yaml(key: str, value: object) -> str:
    """Return a key with its value on one line of YAML."""
    text = yaml.safe_dump({key: value}, default_flow_style=True, sort_keys=False, width=10**6)
    return text.strip().removeprefix("{").removesuffix("}")


def _list_choices(detail: ErrorDetails, field: FieldInfo) -> list[str]:
    """Return the values of which a setting takes one; none if it takes others."""
    return list(_iterate_literals(field.annotation)) if detail["type"] == "literal_error" else []


def _iterate_literals(annotation: object) -> Iterator[str]:
    for each in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield str(each)
        else:
            yield from _iterate_literals(each)


def _format_range(field: FieldInfo) -> str:
    """Return the bounds of a setting, as its model has them."""
    bounds = {name: bound for each in _iterate_metadata(field) for name, bound in _get_bounds(each)}
    lowest, highest = bounds["ge"], bounds.get("le")
    kind = "seconds or a duration" if isinstance(lowest, timedelta) else "a whole number"
    if highest is None:
        return f"{kind}, at least {_format_bound(lowest)}"
    return f"{kind}, {_format_bound(lowest)} to {_format_bound(highest)}"


def _iterate_metadata(field: FieldInfo) -> Iterator[Any]:
    """Yield the metadata of a setting, or of its type next to None."""
    yield from field.metadata
    for alternative in get_args(field.annotation):
        for each in getattr(alternative, "__metadata__", ()):
            yield from each.metadata if isinstance(each, FieldInfo) else [each]


def _get_bounds(metadata: object) -> Iterator[tuple[str, Any]]:
    for name in ("ge", "le"):
        if (bound := getattr(metadata, name, None)) is not None:
            yield name, bound


def _format_bound(bound: float | timedelta) -> str:
    if not isinstance(bound, timedelta):
        return str(bound)
    seconds = int(bound.total_seconds())
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    return f"{seconds}s" if seconds else "0"


def _get_keys(detail: ErrorDetails) -> list[str]:
    """Return the setting and the keys below it, without pydantic's names of union members."""
    return [part for part in detail["loc"] if isinstance(part, str) and "[" not in part]


def _format_value(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
