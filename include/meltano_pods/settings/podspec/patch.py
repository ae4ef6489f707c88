"""Lays one piece of a pod over another: template, settings and overrides merge by one rule.

Maps merge key by key, and a null removes the key. Lists whose items have a name (containers,
volumes, environment variables) merge item by item, mounts by their path; every other list is
replaced. It is what `kubectl patch` does by default, without its per-field exceptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = {"volumeMounts": "mountPath", "volumeDevices": "devicePath"}
# A variable has one source: a later one takes the place of an earlier one of the other kind.
_EITHER = {"value": "valueFrom", "valueFrom": "value"}


def overlay(
    base: Mapping[str, Any], over: Mapping[str, Any], *, last: bool = True
) -> dict[str, Any]:
    """Return `base` with `over` laid over it; neither is changed.

    Args:
        base: What is below.
        over: What is laid over it.
        last: Whether `base` is the pod itself. Else it is only another layer, and nulls are kept
            for what lies below both.
    """
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if value is None and last:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = overlay(known if isinstance(known, dict) else {}, value, last=last)
        elif isinstance(value, list) and _named(value, name := _KEYS.get(key, "name")):
            items = known if isinstance(known, list) else []
            merged[key] = _by_name(items, value, name, last=last)
        else:
            merged[key] = value
    return merged


def _named(items: Sequence[Any], name: str) -> bool:
    return bool(items) and all(isinstance(item, dict) and name in item for item in items)


def _by_name(base: Sequence[Any], over: Sequence[Any], name: str, *, last: bool) -> list[Any]:
    merged = list(base)
    for item in over:
        at = next(
            (
                index
                for index, known in enumerate(merged)
                if isinstance(known, dict) and known.get(name) == item[name]
            ),
            None,
        )
        if at is None:
            merged.append(overlay({}, item, last=last))
        else:
            replaced = {_EITHER[key] for key in item if key in _EITHER and item[key] is not None}
            known = {key: value for key, value in merged[at].items() if key not in replaced}
            merged[at] = overlay(known, item, last=last)
    return merged
