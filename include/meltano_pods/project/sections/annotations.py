"""Reads our own annotations; those of other vendors may hold anything and are left alone."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import ProjectError, ProjectLoadError
from meltano_pods.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meltano_pods.errors import Errors, Location
    from meltano_pods.project.yaml.nodes import Entries

VENDOR = "meltano_pods"
_ALIKE = 0.85
# Meltano rejects keys that it does not know.
_CLOSED = ("environment", "job")
# Keys of Meltano's that are settings of ours as well; schedules have `start_date` by its schema.
_MELTANOS = {
    "project": {"env"},
    "environment": {"env", "state_id_suffix"},
    "plugin": {"env"},
    "schedule": {"env", "start_date"},
}


def read_annotations(entries: Entries, level: str, where: Location, errors: Errors) -> Layer:
    """Return what stands under `annotations: meltano_pods:` of `entries`.

    Args:
        entries: The entries of a project, environment, plugin, job or schedule.
        level: Which of them it is.
        where: Its place, used where it has no annotations.
        errors: Takes an error for annotations that are no mappings, and for each key that looks
            like ours and stands where it is not read.
    """
    vendors: Entries = {}
    if (node := entries.get("annotations")) is not None:
        with errors:
            vendors = node.mapping(f"`annotations: {{{VENDOR}: {{...}}}}`")
    for vendor, theirs in vendors.items():
        if vendor != VENDOR and is_meant_for_us(vendor):
            errors.found.append(
                theirs.error(
                    f"`{vendor}` under `annotations` is not read by Meltano Pods",
                    f"Did you mean `{VENDOR}`?",
                )
            )
    for key, entry in entries.items():
        if is_meant_for_us(key):
            errors.found.append(
                entry.error(
                    f"`{key}` is next to `annotations`, where Meltano Pods does not read it",
                    f"Indent it below `annotations`: `annotations: {{{VENDOR}: {{...}}}}`.",
                    ProjectLoadError if level in _CLOSED else ProjectError,
                )
            )
    # Keys of closed entries that are none of Meltano's are errors already.
    outside = tuple(_outside({} if level in _CLOSED else entries, vendors, level))
    ours = vendors.get(VENDOR)
    if ours is None or ours.is_null:
        return Layer(level, where, outside=outside)
    with errors:
        ours.check_mapping(f"settings: `{VENDOR}: {{retries: 1}}`")
        values, places = ours.plain()
        return Layer(level, ours.where, values, places, outside)
    return Layer(level, ours.where, outside=outside)


def _outside(entries: Entries, vendors: Entries, level: str) -> Iterator[tuple[str, Location]]:
    meltanos = _MELTANOS.get(level, ())
    for key, node in entries.items():
        if key not in meltanos:
            yield key, node.where
    for key, node in vendors.items():
        if key != VENDOR:
            yield key, node.where


@lru_cache(maxsize=256)  # every key of every entry is asked for, and most are the same few
def is_meant_for_us(vendor: str) -> bool:
    """Whether a key was meant to be the one of our annotations."""
    key = vendor.casefold().replace("-", "_").replace(" ", "_")
    return SequenceMatcher(None, key, VENDOR).ratio() > _ALIKE


def over(base: Layer, more: Layer) -> Layer:
    """Return the annotations of one level that two files hold: maps merge, else the second wins."""
    values = _merged(base.values, more.values)
    outside = (*base.outside, *more.outside)
    return Layer(base.level, base.where, values, {**base.places, **more.places}, outside)


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in more.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return result
