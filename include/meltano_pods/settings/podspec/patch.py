"""Merges one piece of a pod into another: template, settings and overrides merge by one rule.

Maps merge key by key, and a null removes the key. Lists whose items have a name (containers,
volumes, environment variables) merge item by item, mounts by their path; all other lists are
replaced. This is the default of `kubectl patch`, without its exceptions for single fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = {"volumeMounts": "mountPath", "volumeDevices": "devicePath"}
# A variable has one source: a later one replaces an earlier one of the other kind.
_EITHER = {"value": "valueFrom", "valueFrom": "value"}


def apply_patch(
    base: Mapping[str, Any], over: Mapping[str, Any], *, last: bool = True
) -> dict[str, Any]:
    """Return `base` patched with `over`; neither is changed.

    Args:
        base: The piece with lower precedence.
        over: The piece with higher precedence.
        last: Whether `base` is the pod itself. If it is a layer, nulls are kept for the layers
            below.
    """
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if value is None and last:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = apply_patch(known if isinstance(known, dict) else {}, value, last=last)
        elif isinstance(value, list) and _are_named(value, name := _KEYS.get(key, "name")):
            items = known if isinstance(known, list) else []
            merged[key] = _merge_by_name(items, value, name, last=last)
        else:
            merged[key] = value
    return merged


def _are_named(items: Sequence[Any], name: str) -> bool:
    return bool(items) and all(isinstance(item, dict) and name in item for item in items)


def _merge_by_name(base: Sequence[Any], over: Sequence[Any], name: str, *, last: bool) -> list[Any]:
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
            merged.append(apply_patch({}, item, last=last))
        else:
            replaced = {_EITHER[key] for key in item if key in _EITHER and item[key] is not None}
            known = {key: value for key, value in merged[at].items() if key not in replaced}
            merged[at] = apply_patch(known, item, last=last)
    return merged
