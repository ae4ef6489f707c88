"""Validates each layer separately, so that an error has one place, and finds all errors."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from meltano_pods.errors import SettingsError, combine_errors
from meltano_pods.names import list_names, suggest
from meltano_pods.settings.layers import (
    ORDER,
    TASK_LEVELS,
    TASKS,
    Layer,
    find_place,
    split_task_layers,
)
from meltano_pods.settings.messages import NESTED, describe_error, format_yaml, suggest_fix
from meltano_pods.settings.model import FIELDS, Settings, get_excluded_levels
from meltano_pods.settings.secret_check import find_secret_errors
from meltano_pods.settings.unknown_keys import explain_unknown_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pydantic_core import ErrorDetails

_MAY_HOLD_SECRETS = (
    "airflow_env",
    "assets",
    "env",
    "not_secret",
    "notify",
    "secret_env",
    "pod_override",
    "worker_override",
)


def validate_layers(layers: Iterable[Layer]) -> None:
    """Validate each layer separately.

    Raises:
        SettingsError: A key or value that is not allowed; the error holds all of them.
    """
    every = list(layers)
    # The plan knows which of the layers apply together, and checks `not_secret` again.
    not_secret = collect_not_secret(every)
    if errors := [error for layer in every for error in find_errors(layer, not_secret)]:
        raise combine_errors(errors)


def find_errors(layer: Layer, not_secret: Collection[str] = ()) -> list[SettingsError]:
    """Return an error for each key or value of a layer that is not allowed.

    Args:
        layer: The layer.
        not_secret: Names of variables that this or other layers declare not secret.
    """
    return list(_find_errors(layer, not_secret)) if layer.values else []


def collect_not_secret(layers: Iterable[Layer]) -> frozenset[str]:
    """Return the names in `not_secret` of all layers and of their tasks."""
    filled = (layer for layer in layers if layer.values)
    lists = (part.values.get("not_secret") for layer in filled for part in _iterate_layers(layer))
    return frozenset(
        name for each in lists if isinstance(each, list | tuple) for name in map(str, each)
    )


def _iterate_layers(layer: Layer) -> Iterator[Layer]:
    """Yield a layer and those of its tasks."""
    yield layer
    with suppress(SettingsError):
        yield from (part for _, part in split_task_layers(layer))


def find_misplaced_settings(layer: Layer) -> Iterator[SettingsError]:
    """Yield a warning for each setting outside of the annotations, where it has no effect.

    Meltano keeps such keys, and they may belong to other tools.
    """
    for key, where in layer.outside:
        if key not in FIELDS and key != TASKS:
            continue
        # Jobs of Meltano have `tasks`, too.
        if layer.level not in _get_excluded_levels(key) and (
            key != TASKS or where.key.endswith(f"annotations.{TASKS}")
        ):
            next_to_ours = where.key.endswith(f"annotations.{key}")
            yield SettingsError(
                f"the setting `{key}` is outside of `annotations: {{meltano_pods: ...}}`, "
                "where Meltano Pods does not read it",
                where,
                f"Move it there: `annotations: {{meltano_pods: {{{key}: ...}}}}`"
                + (", or under a key of the tool that it is for." if next_to_ours else "."),
            )


def keep_valid(layer: Layer) -> Layer:
    """Return a layer without the keys that are not allowed."""
    values = {}
    for key, value in layer.values.items():
        alone = Layer(layer.level, layer.where, {key: value}, layer.places)
        if key != TASKS and not find_errors(alone):
            values[key] = value
    return Layer(layer.level, layer.where, values, layer.places)


def _find_errors(layer: Layer, not_secret: Collection[str]) -> Iterator[SettingsError]:
    yield from find_secret_errors(layer, not_secret)
    values = dict(layer.values)
    for key in layer.values:
        excluded = _get_excluded_levels(key)
        if layer.level in excluded:
            del values[key]
            allowed = [level for level in ORDER if level not in excluded]
            yield SettingsError(
                f"`{key}` may not be set at {layer.level} level",
                find_place([layer], key),
                f"Move it to one of these levels: {', '.join(allowed)}.",
            )
    if values.pop(TASKS, None) is not None:
        try:
            for _, task_layer in split_task_layers(layer):
                yield from _find_errors(task_layer, not_secret)
        except SettingsError as error:
            yield error
    if values:
        yield from _find_value_errors(layer, values)


def _find_value_errors(layer: Layer, values: dict[str, Any]) -> Iterator[SettingsError]:
    """Yield an error for each value that is not allowed, also for several in one map."""
    details: list[ErrorDetails] = []
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        # Not chained: pydantic's message contains the input, which may be a secret.
        details = error.errors(include_url=False)
    rest = dict(values)
    for detail in details:
        yield _build_error(layer, detail)
        key, *path = (*map(str, detail["loc"]), *_get_nested_path(detail))
        # The validator of a map stops at its first error.
        rest[key] = _remove(rest.get(key), path) if detail["type"] in NESTED else None
    rest = {key: value for key, value in rest.items() if value is not None}
    if details and rest:
        yield from _find_value_errors(layer, rest)


def _remove(value: object, path: Sequence[str]) -> object:
    """Return a map without the key at a path; None if there is no such key."""
    if not path or not isinstance(value, dict) or path[0] not in value:
        return None
    rest = {key: each for key, each in value.items() if key != path[0]}
    nested = _remove(value[path[0]], path[1:]) if path[1:] else None
    return rest if nested is None else {**rest, path[0]: nested}


def _list_known_keys(level: str) -> list[str]:
    """Return the settings that a level may have."""
    known = [name for name in FIELDS if level not in get_excluded_levels(name)]
    return [*known, TASKS] if level in TASK_LEVELS else known


def _get_excluded_levels(key: str) -> list[str]:
    if key == TASKS:
        return [level for level in ORDER if level not in TASK_LEVELS]
    return get_excluded_levels(key) if key in FIELDS else []


def _build_error(layer: Layer, detail: ErrorDetails) -> SettingsError:
    key = str(detail["loc"][0])
    path = (str(part) for part in (*detail["loc"], *_get_nested_path(detail)))
    where = find_place([layer], *path)
    if detail["type"] == "extra_forbidden":
        known = _list_known_keys(layer.level)
        return SettingsError(
            f"unknown setting `{key}`; expected one of: {list_names(known)}",
            where,
            explain_unknown_key(key) or f"{suggest(key, known)}Rename or remove it.",
        )
    field = FIELDS[key]
    what = describe_error(detail, field, secret=key in _MAY_HOLD_SECRETS)
    return SettingsError(what, where, suggest_fix(detail, field, lambda v: format_yaml(key, v)))


def _get_nested_path(detail: ErrorDetails) -> tuple[str, ...]:
    """Return the path below the setting where its validator found the error."""
    if detail["type"] not in NESTED:
        return ()
    name: str = detail["ctx"]["name"]
    return (name,) if detail["type"] == "variable" else tuple(name.split("."))
