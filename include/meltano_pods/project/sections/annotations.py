"""Reads annotations under `meltano_pods`; those of other vendors are ignored."""

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
_MIN_RATIO = 0.85
# Meltano rejects keys that it does not know.
_CLOSED = ("environment", "job")
# Keys of Meltano that are also our settings; its schema has `start_date` for schedules.
_MELTANO_KEYS = {
    "project": {"env"},
    "environment": {"env", "state_id_suffix"},
    "plugin": {"env"},
    "schedule": {"env", "start_date"},
}


def read_annotations(entries: Entries, level: str, where: Location, errors: Errors) -> Layer:
    """Return the annotations under `annotations: meltano_pods:` of `entries`.

    Args:
        entries: The entries of a project, environment, plugin, job or schedule.
        level: Which of them it is.
        where: Its place, used if it has no annotations.
        errors: Receives an error for annotations that are not mappings, and for each key that
            resembles ours in a place where it is ignored.
    """
    vendors: Entries = {}
    if (node := entries.get("annotations")) is not None:
        with errors:
            vendors = node.as_mapping(f"`annotations: {{{VENDOR}: {{...}}}}`")
    for vendor, value in vendors.items():
        if vendor != VENDOR and is_like_vendor_key(vendor):
            errors.found.append(
                value.build_error(
                    f"Meltano Pods ignores `{vendor}` under `annotations`",
                    f"Did you mean `{VENDOR}`?",
                )
            )
    for key, entry in entries.items():
        if is_like_vendor_key(key):
            errors.found.append(
                entry.build_error(
                    f"`{key}` is next to `annotations`, where Meltano Pods ignores it",
                    f"Indent it below `annotations`: `annotations: {{{VENDOR}: {{...}}}}`.",
                    ProjectLoadError if level in _CLOSED else ProjectError,
                )
            )
    # In environments and jobs, unknown keys are already errors.
    outside = tuple(_find_outside({} if level in _CLOSED else entries, vendors, level))
    ours = vendors.get(VENDOR)
    if ours is None or ours.is_null:
        return Layer(level, where, outside=outside)
    with errors:
        ours.check_mapping(f"settings: `{VENDOR}: {{retries: 1}}`")
        values, places = ours.as_data()
        return Layer(level, ours.where, values, places, outside)
    return Layer(level, ours.where, outside=outside)


def _find_outside(entries: Entries, vendors: Entries, level: str) -> Iterator[tuple[str, Location]]:
    meltano_keys = _MELTANO_KEYS.get(level, ())
    for key, node in entries.items():
        if key not in meltano_keys:
            yield key, node.where
    for key, node in vendors.items():
        if key != VENDOR:
            yield key, node.where


@lru_cache(maxsize=256)  # called for every key of every entry, most of which are the same
def is_like_vendor_key(vendor: str) -> bool:
    """Whether a key is probably a misspelling of our vendor key."""
    key = vendor.casefold().replace("-", "_").replace(" ", "_")
    return SequenceMatcher(None, key, VENDOR).ratio() > _MIN_RATIO


def merge_annotations(base: Layer, override: Layer) -> Layer:
    """Return the merged annotations of two files at one level: maps merge, else the second wins."""
    values = _merge_maps(base.values, override.values)
    outside = (*base.outside, *override.outside)
    return Layer(base.level, base.where, values, {**base.places, **override.places}, outside)


def _merge_maps(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in override.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merge_maps(known, value) if both else value  # type: ignore[arg-type]
    return result
