"""Which layers set what: beside `merge`, which says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.settings.layer import in_order, place_of
from meltano_pods.settings.merge import OVERRIDES, RESOURCES
from meltano_pods.settings.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meltano_pods.errors import Location
    from meltano_pods.settings.layer import Layer

Path = tuple[str, ...]


class Origin(NamedTuple):
    """A layer that set something.

    Attributes:
        level: Its level.
        where: Place of the key in its file.
    """

    level: str
    where: Location


class Said(NamedTuple):
    """What was said of one setting, or of one key of a map.

    Attributes:
        value: As it was written last.
        origins: Who said it; more than one where values are added up or laid over each other.
    """

    value: Any
    origins: tuple[Origin, ...]


def origins(layers: Iterable[Layer]) -> dict[Path, Said]:
    """Return what layers say, by setting and keys below it, as far down as layers merge.

    Args:
        layers: Those that were merged, in any order.
    """
    found: dict[Path, Said] = {}
    for layer in in_order(layers):
        for key, value in layer.values.items():
            if key == TASKS:
                continue
            for path, leaf in _leaves((str(key),), value):
                _note(found, path, leaf, Origin(layer.level, place_of([layer], *path)))
    return found


def _leaves(path: Path, value: object) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves((*path, str(key)), each)
    else:
        yield path, value


def _note(found: dict[Path, Said], path: Path, value: object, origin: Origin) -> None:
    if value == {} and any(known[: len(path)] == path for known in found):
        return  # an empty map adds nothing
    before = found.get(path, Said(None, ())).origins
    if path[0] == RESOURCES and origin.level == "plugin":
        kept = tuple(each for each in before if each.level == "plugin")  # they add up
    elif path[0] in OVERRIDES and isinstance(value, list):
        kept = before  # lists of named things merge
    else:
        kept = ()
    for known in [each for each in found if _replaced(each, path)]:
        del found[known]
    found[path] = Said(value, (*kept, origin))


def _replaced(known: Path, path: Path) -> bool:
    """Whether what is said of `path` takes the place of `known`: one is the other, or in it."""
    shorter = min(len(known), len(path))
    return known[:shorter] == path[:shorter]
