"""The setting `checks`: bounds for a run's result, with the severity of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from meltano_pods.names import list_names, suggest
from meltano_pods.settings.types.durations import DURATION_SCHEMA, parse_duration
from meltano_pods.settings.types.errors import build_nested_error

if TYPE_CHECKING:
    from collections.abc import Callable

SEVERITIES = ("warn", "fail")
CHANGES = ("added", "removed", "type")
MISSING_RECORDS = "missing_records"
IGNORE = "ignore"
_STREAMS = "streams"


def parse_checks(value: object) -> dict[str, Any]:
    """Parse the checks of a run, and under `streams` those of single streams.

    Returns:
        The checks in full: `{check: {severity: bound}}`, ages in seconds, changes of columns as
        lists of `CHANGES`; without those that a later level has set to null.

    Raises:
        ValueError: A key or value that is not allowed.
    """
    if not isinstance(value, dict):
        raise ValueError("takes a map: {min_records: 1}")  # noqa: TRY004
    found: dict[str, Any] = _parse_checks(value, "", (*_BOUNDS, MISSING_RECORDS, _STREAMS))
    streams = value.get(_STREAMS)
    if streams is None:
        return found
    if not isinstance(streams, dict):
        raise build_nested_error(_STREAMS, "`streams` takes a map: {orders: {min_records: 1}}")
    found[_STREAMS] = {}
    for name, checks in streams.items():
        path = f"{_STREAMS}.{name}"
        if checks is not None and not isinstance(checks, dict):
            raise build_nested_error(path, f"`{name}` takes a map of checks: {{min_records: 1}}")
        found[_STREAMS][str(name)] = _parse_checks(checks or {}, f"{path}.", tuple(_BOUNDS))
    return found


def _parse_checks(checks: dict[Any, Any], path: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for key, value in checks.items():
        if key not in allowed:
            raise build_nested_error(
                f"{path}{key}",
                f"unknown key `{key}`; expected one of: {list_names(allowed)}",
                f"{suggest(str(key), allowed)}Rename or remove it.",
            )
        if value is not None and key == MISSING_RECORDS:
            found[key] = _parse_missing_records(key, value)
        elif value is not None and key != _STREAMS:
            found[key] = _parse_bounds(f"{path}{key}", key, value)
    return found


def _parse_missing_records(path: str, value: object) -> dict[str, int]:
    """Return the severity of missing records; an empty map ignores them."""
    if value == IGNORE:
        return {}
    if isinstance(value, str) and value in SEVERITIES:
        return {value: 0}
    allowed = (*SEVERITIES, IGNORE)
    raise build_nested_error(
        path,
        f"`{path}` takes {list_names(allowed)}, found {value!r}",
        f"{suggest(str(value), allowed)}Write `{path}: warn`, for example.",
    )


def _parse_bounds(path: str, check: str, value: object) -> dict[str, Any]:
    read = _BOUNDS[check]
    if check == "schema_change" and isinstance(value, str) and value in SEVERITIES:
        return {value: list(CHANGES)}
    by_severity = value if isinstance(value, dict) else {"fail": value}
    bounds = {}
    for severity, bound in by_severity.items():
        if severity not in SEVERITIES:
            raise build_nested_error(
                f"{path}.{severity}",
                f"unknown severity `{severity}`; expected one of: {list_names(SEVERITIES)}",
                f"{suggest(str(severity), SEVERITIES)}Rename or remove it.",
            )
        where = f"{path}.{severity}" if isinstance(value, dict) else path
        if bound is not None:
            bounds[severity] = read(where, check, bound)
    if len(bounds) == len(SEVERITIES) and (text := _find_contradiction(check, bounds)):
        raise build_nested_error(path, text)
    return bounds


def _find_contradiction(check: str, bounds: dict[str, Any]) -> str | None:
    """Return the problem with a warning that is never reached before its failure; else None."""
    warn, fail = bounds["warn"], bounds["fail"]
    if check == "min_records" and warn <= fail:
        return (
            f"`warn` ({warn}) must be more than `fail` ({fail}), or there would never be a warning"
        )
    if check == "max_age" and warn >= fail:
        return "`warn` must be less than `fail`, or there would never be a warning"
    return None


def _parse_records(path: str, check: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise build_nested_error(
            path, f"`{check}` takes a number of records, 0 or more, found {value!r}"
        )
    return value


def _parse_age(path: str, check: str, value: object) -> float:
    try:
        age = parse_duration(value)
    except ValueError as error:
        raise build_nested_error(path, f"`{check}` {error}, found {value!r}") from None
    if not isinstance(age, timedelta) or age <= timedelta(0):
        raise build_nested_error(
            path, f"`{check}` takes an age of more than 0, such as 6h or 2d, found {value!r}"
        )
    return age.total_seconds()


def _parse_changes(path: str, check: str, value: object) -> list[str]:
    if value == "any":
        return list(CHANGES)
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not items or not set(map(str, items)) <= set(CHANGES):
        raise build_nested_error(
            path,
            f"`{check}` takes `any` or a list of {list_names(CHANGES)}, found {value!r}",
            f"{suggest(str(value), SEVERITIES)}Write `{check}: warn` or `{check}: fail` for any "
            "change, or name some.",
        )
    return [each for each in CHANGES if each in items]


_BOUNDS: dict[str, Callable[[str, str, object], Any]] = {
    "min_records": _parse_records,
    "max_age": _parse_age,
    "schema_change": _parse_changes,
}


_CHANGES_SCHEMA: dict[str, Any] = {
    "anyOf": [{"enum": [*CHANGES, "any"]}, {"type": "array", "items": {"enum": list(CHANGES)}}]
}


def _build_check_schema(bound: dict[str, Any], *words: str) -> dict[str, Any]:
    by_severity = {
        "type": "object",
        "properties": dict.fromkeys(SEVERITIES, {"anyOf": [bound, {"type": "null"}]}),  # noqa: RUF024
        "additionalProperties": False,
    }
    return {"anyOf": [bound, {"enum": [*words, None]}, by_severity]}


_CHECK_SCHEMAS = {
    "min_records": _build_check_schema({"type": "integer", "minimum": 0}),
    "max_age": _build_check_schema(DURATION_SCHEMA),
    "schema_change": _build_check_schema(_CHANGES_SCHEMA, *SEVERITIES),
}
_STREAM_SCHEMA: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": _CHECK_SCHEMAS,
    "additionalProperties": False,
}
Checks = Annotated[
    dict[str, Any],
    BeforeValidator(parse_checks),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                **_CHECK_SCHEMAS,
                MISSING_RECORDS: {"enum": [*SEVERITIES, IGNORE, None]},
                "streams": {"type": ["object", "null"], "additionalProperties": _STREAM_SCHEMA},
            },
            "additionalProperties": False,
        }
    ),
]
