"""Says what is wrong with a value, and what is right: pydantic's errors in sentences of our own.

Readings of values raise errors that go on from the key's name: `takes a map: {NAME: value}`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.names import listed, suggestion

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

INNER = ("variable", "inner")
"""Types of errors below the setting: they are whole sentences."""

_RULE = re.compile(r"(?:(?!\. )[^:])*: (.+?)\.(?: |$)")
_SHORT = 120
_TAKES = {
    "bool_parsing": "takes true or false",
    "bool_type": "takes true or false",
    "dict_type": "takes a map",
    "string_too_long": "takes at most {max_length} characters",
    "string_type": "takes a string",
    "too_long": "takes at most {max_length} characters",
}
# What is allowed stands in the description, together with what pydantic does not know.
_BY_RULE = ("greater_than_equal", "less_than_equal", "string_pattern_mismatch", "tuple_type")


def sentence(detail: ErrorDetails, description: str | None, *, secret: bool) -> str:
    """Return what is wrong with a value.

    Args:
        detail: Pydantic's error.
        description: The setting's own, which says after a colon what it takes.
        secret: Whether the value may be a secret, and is not to be shown.
    """
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in INNER:
        return message
    context = detail.get("ctx", {})
    rule = rule_of(description)
    if words := choices(detail):
        message = f"takes one of {listed(words)}"
    elif detail["type"] in _BY_RULE and rule is not None:
        message = f"takes {rule}"
    elif detail["type"] == "string_too_short" and context["min_length"] == 1:
        message = "takes a string that is not empty"
    elif (known := _TAKES.get(detail["type"])) is not None:
        message = known.format(**context)
    return f"`{_keys(detail)[-1]}` {message}" + (
        "" if secret else f", found {_shown(detail['input'])}"
    )


def remedy(detail: ErrorDetails, description: str | None) -> str:
    """Return what to do about it; see `sentence`."""
    if said := detail.get("ctx", {}).get("fix"):
        return str(said)
    if words := choices(detail):
        return f"{suggestion(str(detail['input']), words)}Write one of these."
    rule = None if detail["type"] in (*INNER, *_BY_RULE) else rule_of(description)
    if rule is None or len(_keys(detail)) > 1:
        return "Correct or remove it."
    return f"Write {rule}."


def rule_of(description: str | None) -> str | None:
    """Return what a description says is allowed; None if that is not said in few words."""
    found = _RULE.match(description or "")
    return None if found is None or len(found[1]) > _SHORT else found[1]


def choices(detail: ErrorDetails) -> list[str]:
    """Return the words of which a value has to be one; none where it is not one of a few."""
    if detail["type"] != "literal_error":
        return []
    return re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))


def _keys(detail: ErrorDetails) -> list[str]:
    """Return the setting and the keys below it, without pydantic's own words for alternatives."""
    return [part for part in detail["loc"] if isinstance(part, str) and "[" not in part]


_MAX_SHOWN = 80


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
