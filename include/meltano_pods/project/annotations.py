"""Reads our own annotations; those of other vendors may hold anything and are left alone."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from meltano_pods.project.model import Annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.errors import Location
    from meltano_pods.project.document import Entries

VENDOR = "meltano_pods"
_ALIKE = 0.85


def read_annotations(entries: Entries, level: str, where: Location) -> Annotations:
    """Return what stands under `annotations: meltano_pods:` of `entries`.

    Args:
        entries: The entries of a project, environment, plugin, job or schedule.
        level: Which of them it is.
        where: Its place, used where it has no annotations.

    Raises:
        ProjectError: The annotations are not mappings, or another vendor's key looks like ours.
    """
    if (node := entries.get("annotations")) is None:
        return Annotations(level, where)
    vendors = node.mapping(f"`annotations: {{{VENDOR}: {{...}}}}`")
    for vendor, theirs in vendors.items():
        if vendor != VENDOR and _is_meant_for_us(vendor):
            theirs.fail(
                f"`{vendor}` under `annotations` is not read by Meltano Pods",
                f"Did you mean `{VENDOR}`?",
            )
    ours = vendors.get(VENDOR)
    if ours is None or ours.is_null:
        return Annotations(level, where)
    ours.mapping(f"settings: `{VENDOR}: {{retries: 1}}`")
    values, places = ours.plain()
    return Annotations(level, ours.where, values, places)


def _is_meant_for_us(vendor: str) -> bool:
    key = vendor.casefold().replace("-", "_").replace(" ", "_")
    return SequenceMatcher(None, key, VENDOR).ratio() > _ALIKE


def over(base: Annotations, more: Annotations) -> Annotations:
    """Return the annotations of one level that two files hold: maps merge, else the second wins."""
    values = _merged(base.values, more.values)
    return Annotations(base.level, base.where, values, {**base.places, **more.places})


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in more.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return result
