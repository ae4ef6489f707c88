"""Layers: what one level of a project says, each key with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meltano_pods.errors import Location

MELTANO = "meltano"
"""What Meltano's own keys say, such as a schedule's `start_date`; every level wins over it."""
ORDER = ("project", "environment", "plugin", "job", "schedule", "task")
"""The levels; a later one wins."""
_RANK = {level: rank for rank, level in enumerate((MELTANO, *ORDER))}


class Layer(Protocol):
    """What one level says; `project.Annotations` is one."""

    @property
    def level(self) -> str:
        """One of `ORDER`, or `MELTANO`."""

    @property
    def where(self) -> Location:
        """Its place as a whole."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Plain data as written."""

    @property
    def places(self) -> Mapping[str, Location]:
        """Place of each key in `values`, nested keys dotted (`env.FOO`)."""

    @property
    def outside(self) -> Sequence[tuple[str, Location]]:
        """Keys beside ours, with their places; a setting among them stands at a wrong one."""


@dataclass(frozen=True, slots=True)
class MadeLayer:
    """A layer made from others: of one task, or of a plugin and those it extends."""

    level: str
    where: Location
    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    outside: tuple[tuple[str, Location], ...] = ()


def in_order(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in the order in which they win; those of one level stay as they are."""
    return sorted(layers, key=lambda layer: _RANK[layer.level])


def place_of(layers: Sequence[Layer], *path: str) -> Location:
    """Return where a setting is said last, or the nearest that is said above it.

    Args:
        layers: In the order in which they win; at least one.
        path: The setting, and keys below it.
    """
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if (place := layer.places.get(".".join(path[:length]))) is not None:
                return place
    return layers[0].where
