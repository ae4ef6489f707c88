"""What a pod may have: Kubernetes' own fields and their kinds, without its client.

Importing the client takes a second and DAG files are parsed over and over, so `fields.json`
holds the fields of a pod template as the client of the pinned provider has them; a test compares
the two, and says how to write the file anew.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meltano_pods.names import listed, suggestion
from meltano_pods.settings.podspec.enums import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = "V1PodTemplateSpec"
_FILE = Path(__file__).with_name("fields.json")
_LIST, _MAP = re.compile(r"list\[(.+)\]"), re.compile(r"dict\[str, (.+)\]")
_PLAIN: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a string: quote it"),
    "int": ((int,), "a whole number"),
    "bool": ((bool,), "true or false"),
    "datetime": ((str,), "a date and time"),
}


class Problem(NamedTuple):
    """Something that is wrong with a pod: where, what, and what to do."""

    path: tuple[str, ...]
    what: str
    fix: str


@cache
def fields() -> Mapping[str, Mapping[str, str]]:
    """Return the fields of each type a pod is made of, with their types."""
    loaded: dict[str, dict[str, str]] = json.loads(_FILE.read_text())
    return loaded


def problems(value: object, kind: str = ROOT, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield what is wrong with `value` as a Kubernetes object of type `kind`; null is a removal."""
    if value is None or kind == "object":
        return
    if (item := _LIST.fullmatch(kind)) is not None:
        yield from _items(value, item[1], path)
    elif (item := _MAP.fullmatch(kind)) is not None:
        yield from _entries(value, item[1], path)
    elif kind in fields():
        yield from _object(value, kind, path)
    elif kind in _PLAIN:
        kinds, meant = _PLAIN[kind]
        if not isinstance(value, kinds) or (kind == "int" and isinstance(value, bool)):
            yield _wrong(path, value, meant)


def spec_field(name: str) -> str | None:
    """Return a pod's field by its name, also as Python's client spells it; None if it has none."""
    known = fields()["V1PodSpec"]
    return next((each for each in (name, _camel(name)) if each in known), None)


def _items(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong(path, value, "a list")
        return
    for index, each in enumerate(value):
        yield from problems(each, kind, (*path, str(index)))


def _entries(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _wrong(path, value, "a map")
        return
    for key, each in value.items():
        # Quantities are strings to Kubernetes, which takes numbers for them as well.
        if not (isinstance(each, int | float) and path[-1:] in QUANTITIES):
            yield from problems(each, kind, (*path, str(key)))


QUANTITIES = (("requests",), ("limits",), ("overhead",))
"""Ends of the paths whose maps hold quantities."""


def _object(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    known = fields()[kind]
    if not isinstance(value, dict):
        yield _wrong(path, value, "a map")
        return
    for key, each in value.items():
        if key in known:
            words = WORDS.get((kind, key), ())
            if words and isinstance(each, str) and each not in words:
                yield _no_word((*path, key), each, words)
            else:
                yield from problems(each, known[key], (*path, str(key)))
            continue
        place = f"`{'.'.join(path)}`" if path else "a pod template"
        # Many write a pod's fields as Python's client spells them, or at the top.
        near = suggestion(_camel(str(key)), known)
        if not near and not path and str(key) in fields()["V1PodSpec"]:
            near = f"Write it under `spec`: `spec: {{{key}: ...}}`. "
        yield Problem(
            (*path, str(key)),
            f"`{key}` is no field of {place} in Kubernetes; its fields are: {listed(known)}",
            f"{near}Rename or remove it.",
        )


def _wrong(path: tuple[str, ...], value: object, meant: str) -> Problem:
    return Problem(path, f"`{'.'.join(path)}` takes {meant}, found {_shown(value)}", "Correct it.")


def _no_word(path: tuple[str, ...], value: str, words: tuple[str, ...]) -> Problem:
    return Problem(
        path,
        f"`{'.'.join(path)}` takes one of {listed(words)}, found {value!r}",
        f"{suggestion(value, words)}Correct it.",
    )


def _shown(value: object) -> str:
    # Never the content of a map or list: a secret may stand in it.
    return repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
