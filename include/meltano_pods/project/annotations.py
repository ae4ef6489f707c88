"""Reads our own annotations; those of other vendors may hold anything and are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.project.model import Annotations

if TYPE_CHECKING:
    from meltano_pods.errors import Location
    from meltano_pods.project.document import Entries

VENDOR = "meltano_pods"


def read_annotations(entries: Entries, level: str, where: Location) -> Annotations:
    """Return what stands under `annotations: meltano_pods:` of `entries`.

    Args:
        entries: The entries of a project, environment, plugin, job or schedule.
        level: Which of them it is.
        where: Its place, used where it has no annotations.

    Raises:
        ProjectError: The annotations are not mappings.
    """
    if (node := entries.get("annotations")) is None:
        return Annotations(level, where)
    ours = node.mapping(f"`annotations: {{{VENDOR}: {{...}}}}`").get(VENDOR)
    if ours is None or ours.is_null:
        return Annotations(level, where)
    ours.mapping(f"settings: `{VENDOR}: {{retries: 1}}`")
    return Annotations(level, ours.where, ours.plain(), dict(ours.places()))
