"""Checks what one level says, alone, so that an error has one place; all its errors at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from meltano_pods.errors import SettingsError, together
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.layers import ORDER, TASK_LEVELS, TASKS, Layer, place_of, task_layers
from meltano_pods.settings.messages import INNER, in_yaml, remedy, sentence
from meltano_pods.settings.model import FIELDS, Settings, levels_refused
from meltano_pods.settings.secret_check import secret_faults
from meltano_pods.settings.unknown_keys import said_elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pydantic_core import ErrorDetails


def check(layers: Iterable[Layer]) -> None:
    """Check layers, each alone.

    Raises:
        SettingsError: A key or value that is not allowed; the error holds all of them.
    """
    every = list(layers)
    # Which of them belong together is known with the plan, where it is checked once more.
    not_secret = exempt_names(every)
    if found := [error for layer in every for error in errors_of(layer, not_secret)]:
        raise together(found)


def errors_of(layer: Layer, not_secret: Collection[str] = ()) -> list[SettingsError]:
    """Return an error for each key or value of a layer that is not allowed.

    Args:
        layer: The layer.
        not_secret: Names of variables that hold no secret, as it or other layers say.
    """
    return list(_errors(layer, not_secret)) if layer.values else []


def exempt_names(layers: Iterable[Layer]) -> frozenset[str]:
    """Return the names that any of some layers lists under `not_secret`."""
    said = (layer for layer in layers if layer.values)
    lists = (part.values.get("not_secret") for layer in said for part in _parts(layer))
    return frozenset(
        name for each in lists if isinstance(each, list | tuple) for name in map(str, each)
    )


def _parts(layer: Layer) -> Iterator[Layer]:
    """Yield a layer and those of its tasks."""
    yield layer
    with suppress(SettingsError):
        yield from (part for _, part in task_layers(layer))


def misplaced_settings(layer: Layer) -> Iterator[SettingsError]:
    """Yield a warning for each setting outside of the annotations, where nobody reads it.

    Meltano keeps such keys, and they may be anybody's.
    """
    for key, where in layer.outside:
        if key not in FIELDS and key != TASKS:
            continue
        # A job's and a schedule's own `tasks` are Meltano's.
        if layer.level not in _levels_refused(key) and (
            key != TASKS or where.key.endswith(f"annotations.{TASKS}")
        ):
            beside_ours = where.key.endswith(f"annotations.{key}")
            yield SettingsError(
                f"the setting `{key}` stands outside of `annotations: {{meltano_pods: ...}}`, "
                "where Meltano Pods does not read it",
                where,
                f"Move it there: `annotations: {{meltano_pods: {{{key}: ...}}}}`"
                + (", or under a key of the tool that it is for." if beside_ours else "."),
            )


def valid_part(layer: Layer) -> Layer:
    """Return what a layer says without the keys that are not allowed."""
    values = {}
    for key, value in layer.values.items():
        alone = Layer(layer.level, layer.where, {key: value}, layer.places)
        if key != TASKS and not errors_of(alone):
            values[key] = value
    return Layer(layer.level, layer.where, values, layer.places)


def _errors(layer: Layer, not_secret: Collection[str]) -> Iterator[SettingsError]:
    yield from secret_faults(layer, not_secret)
    values = dict(layer.values)
    for key in layer.values:
        refused = _levels_refused(key)
        if layer.level in refused:
            del values[key]
            allowed = [level for level in ORDER if level not in refused]
            yield SettingsError(
                f"`{key}` may not be set at {layer.level} level",
                place_of([layer], key),
                f"Move it to one of these levels: {', '.join(allowed)}.",
            )
    if values.pop(TASKS, None) is not None:
        try:
            for _, said in task_layers(layer):
                yield from _errors(said, not_secret)
        except SettingsError as error:
            yield error
    if values:
        yield from _value_errors(layer, values)


def _value_errors(layer: Layer, values: dict[str, Any]) -> Iterator[SettingsError]:
    """Yield an error for each value that is not allowed, also for several of one map."""
    details: list[ErrorDetails] = []
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        # Without the chain: pydantic's text shows the input, which for `env` may be a secret.
        details = error.errors(include_url=False)
    left = dict(values)
    for detail in details:
        yield _explained(layer, detail)
        key, *path = (*map(str, detail["loc"]), *_inner_path(detail))
        # Checks of single variables end at the first that is wrong.
        left[key] = _without(left.get(key), path) if detail["type"] in INNER else None
    left = {key: value for key, value in left.items() if value is not None}
    if details and left:
        yield from _value_errors(layer, left)


def _without(value: object, path: Sequence[str]) -> object:
    """Return a map without one key in it; None where there is no such key."""
    if not path or not isinstance(value, dict) or path[0] not in value:
        return None
    rest = {key: each for key, each in value.items() if key != path[0]}
    inner = _without(value[path[0]], path[1:]) if path[1:] else None
    return rest if inner is None else {**rest, path[0]: inner}


def _known(level: str) -> list[str]:
    """Return the settings that a level may have."""
    known = [name for name in FIELDS if level not in levels_refused(name)]
    return [*known, TASKS] if level in TASK_LEVELS else known


def _levels_refused(key: str) -> list[str]:
    if key == TASKS:
        return [level for level in ORDER if level not in TASK_LEVELS]
    return levels_refused(key) if key in FIELDS else []


def _explained(layer: Layer, detail: ErrorDetails) -> SettingsError:
    key = str(detail["loc"][0])
    where = place_of([layer], *(str(part) for part in (*detail["loc"], *_inner_path(detail))))
    if detail["type"] == "extra_forbidden":
        known = _known(layer.level)
        return SettingsError(
            f"unknown setting `{key}`; expected one of: {listed(known)}",
            where,
            said_elsewhere(key) or f"{suggestion(key, known)}Rename or remove it.",
        )
    field = FIELDS[key]
    what = sentence(detail, field, secret=key in _MAY_HOLD_SECRETS)
    return SettingsError(what, where, remedy(detail, field, lambda value: in_yaml(key, value)))


def _inner_path(detail: ErrorDetails) -> tuple[str, ...]:
    """Return the path below the setting, where its own check found the fault."""
    if detail["type"] not in INNER:
        return ()
    name: str = detail["ctx"]["name"]
    return (name,) if detail["type"] == "variable" else tuple(name.split("."))


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
