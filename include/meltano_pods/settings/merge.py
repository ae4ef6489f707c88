"""Merges the annotations of a project's levels into settings.

The order, stated here once: project, environment, plugin, job, schedule (`ORDER`); of several
plugins, in the order the task names them. A later one wins, maps (`env`) merge, lists replace.
Two settings have rules of their own: the `resources` of plugins are added up, because the plugins
share a pod, and overrides of pods merge as Kubernetes does (overlay.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from meltano_pods.errors import Location, SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.model import DEFAULTS, Settings, levels_refused
from meltano_pods.settings.overlay import overlay
from meltano_pods.settings.pod_values import PARTS, request_above_limit
from meltano_pods.settings.quantity import add_quantities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from pydantic_core import ErrorDetails

    class Layer(Protocol):
        """What one level says; `project.Annotations` is one."""

        @property
        def level(self) -> str: ...  # noqa: D102
        @property
        def where(self) -> Location: ...  # noqa: D102
        @property
        def values(self) -> Mapping[str, Any]: ...  # noqa: D102
        @property
        def places(self) -> Mapping[str, Location]: ...  # noqa: D102


ORDER = ("project", "environment", "plugin", "job", "schedule")
_OVERRIDES = ("pod_override", "worker_override")


def settings_of(layers: Iterable[Layer]) -> Settings:
    """Merge layers, whatever order they are given in, and check each.

    Raises:
        SettingsError: A key or value that is not allowed, at its place in its own layer.
    """
    said = sorted(
        (layer for layer in layers if layer.values), key=lambda layer: ORDER.index(layer.level)
    )
    for layer in said:
        check(layer)
    merged: dict[str, Any] = {}
    plugins = _added_up([layer.values for layer in said if layer.level == "plugin"])
    for layer in said:
        values = dict(layer.values)
        if layer.level == "plugin" and _RESOURCES in values:
            values[_RESOURCES] = plugins
        merged = _merge(merged, values)
        if (above := request_above_limit(merged.get(_RESOURCES) or {})) is not None:
            raise SettingsError(
                f"together with the levels before it, the request of {above} is above its limit",
                layer.places.get(_RESOURCES, layer.where),
                f"Set `requests` and `limits` of {above} at one level.",
            )
    return Settings.model_validate(merged) if merged else DEFAULTS


def check(layer: Layer) -> None:
    """Check one layer alone, so that an error has one place.

    Raises:
        SettingsError: A key or value that is not allowed.
    """
    for key in layer.values:
        if key in Settings.model_fields and layer.level in levels_refused(key):
            allowed = [level for level in ORDER if level not in levels_refused(key)]
            raise SettingsError(
                f"`{key}` may not be set at {layer.level} level",
                layer.places.get(key, layer.where),
                f"Move it to one of these levels: {', '.join(allowed)}.",
            )
    try:
        Settings.model_validate(dict(layer.values))
    except ValidationError as error:
        # Without the chain: pydantic's text shows the input, which for `env` may be a secret.
        raise _explained(layer, error.errors(include_url=False)[0]) from None


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if key in _OVERRIDES:
            merged[key] = overlay(known or {}, value, last=False)
            continue
        both = isinstance(known, dict) and isinstance(value, dict)
        merged[key] = _merge(known, value) if both else value  # type: ignore[arg-type]
    return merged


_RESOURCES = "resources"


def _added_up(plugins: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the sum of what the plugins of one pod need."""
    needs = [values.get(_RESOURCES) or {} for values in plugins]
    total: dict[str, dict[str, str]] = {}
    for part in PARTS:
        names = dict.fromkeys(name for need in needs for name in need.get(part) or {})
        for name in names:
            given = [str(need[part][name]) for need in needs if name in (need.get(part) or {})]
            total.setdefault(part, {})[name] = add_quantities(given)
    return total


def _inner_path(detail: ErrorDetails) -> tuple[str, ...]:
    """Return the path below the setting, where its own check found the fault."""
    if detail["type"] not in ("variable", "inner"):
        return ()
    name: str = detail["ctx"]["name"]
    return (name,) if detail["type"] == "variable" else tuple(name.split("."))


def _explained(layer: Layer, detail: ErrorDetails) -> SettingsError:
    path = [str(part) for part in (*detail["loc"], *_inner_path(detail))]
    where = layer.where
    for end in range(len(path), 0, -1):
        if (place := layer.places.get(".".join(path[:end]))) is not None:
            where = place
            break
    key = path[0]
    if detail["type"] == "extra_forbidden":
        keys = Settings.model_fields
        return SettingsError(
            f"`{key}` is no setting of meltano_pods; allowed are: {listed(keys)}",
            where,
            f"{suggestion(key, keys)}Rename or remove it.",
        )
    message = detail["msg"].removeprefix("Value error, ")
    found = "" if key in _MAY_HOLD_SECRETS else f", found {detail['input']!r}"
    return SettingsError(
        f"`{key}` has a value that is not allowed: {message}{found}",
        where,
        detail.get("ctx", {}).get("fix")
        or f"What is allowed for `{key}`: {Settings.model_fields[key].description}",
    )


_MAY_HOLD_SECRETS = ("env", "notify", "secret_env", *_OVERRIDES)
