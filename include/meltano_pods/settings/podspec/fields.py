"""Kubernetes' fields of a pod and their types, without its client.

Importing the client, or `kubernetes-validate`, which the tests use, takes a second, and DAG files
are parsed again and again. So `fields.json` has the fields of a pod template in the client of the
pinned provider; a test compares the two, and says how to update the file.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meltano_pods.names import list_names, suggest
from meltano_pods.settings.podspec.enums import ENUMS

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
    """A problem of a pod: where it is, what it is, and how to fix it."""

    path: tuple[str, ...]
    what: str
    fix: str


@cache
def load_fields() -> Mapping[str, Mapping[str, str]]:
    """Return the fields of each type of a pod, with their types."""
    loaded: dict[str, dict[str, str]] = json.loads(_FILE.read_text())
    return loaded


def find_problems(value: object, kind: str = ROOT, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield the problems of a value as a Kubernetes object of type `kind`; null removes a field."""
    if value is None or kind == "object":
        return
    if (item := _LIST.fullmatch(kind)) is not None:
        yield from _check_items(value, item[1], path)
    elif (item := _MAP.fullmatch(kind)) is not None:
        yield from _check_entries(value, item[1], path)
    elif kind in load_fields():
        yield from _check_object(value, kind, path)
    elif kind in _PLAIN:
        kinds, meant = _PLAIN[kind]
        if not isinstance(value, kinds) or (kind == "int" and isinstance(value, bool)):
            yield _describe_wrong_type(path, value, meant)


def find_spec_field(name: str) -> str | None:
    """Return the pod field of a name in camel or snake case; None if there is none."""
    known = load_fields()["V1PodSpec"]
    return next((each for each in (name, _to_camel_case(name)) if each in known), None)


def _check_items(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _describe_wrong_type(path, value, "a list")
        return
    for index, each in enumerate(value):
        yield from find_problems(each, kind, (*path, str(index)))


def _check_entries(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _describe_wrong_type(path, value, "a map")
        return
    for key, each in value.items():
        # Kubernetes also accepts numbers for quantities, which are strings.
        if not (isinstance(each, int | float) and path[-1:] in QUANTITIES):
            yield from find_problems(each, kind, (*path, str(key)))


QUANTITIES = (("requests",), ("limits",), ("overhead",))
"""Ends of the paths whose maps hold quantities."""


def _check_object(value: object, kind: str, path: tuple[str, ...]) -> Iterator[Problem]:
    known = load_fields()[kind]
    if not isinstance(value, dict):
        yield _describe_wrong_type(path, value, "a map")
        return
    for key, each in value.items():
        if key in known:
            choices = ENUMS.get((kind, key), ())
            if choices and isinstance(each, str) and each not in choices:
                yield _describe_wrong_choice((*path, key), each, choices)
            else:
                yield from find_problems(each, known[key], (*path, str(key)))
            continue
        place = f"`{'.'.join(path)}`" if path else "a pod template"
        # Users may write fields in the snake case of Python's client, or outside of `spec`.
        near = suggest(_to_camel_case(str(key)), known)
        if not near and not path and str(key) in load_fields()["V1PodSpec"]:
            near = f"Write it under `spec`: `spec: {{{key}: ...}}`. "
        yield Problem(
            (*path, str(key)),
            f"unknown field `{key}` of {place}; expected one of: {list_names(known)}",
            f"{near}Rename or remove it.",
        )


def _describe_wrong_type(path: tuple[str, ...], value: object, meant: str) -> Problem:
    return Problem(
        path, f"`{'.'.join(path)}` takes {meant}, found {_format_value(value)}", "Correct it."
    )


def _describe_wrong_choice(path: tuple[str, ...], value: str, choices: tuple[str, ...]) -> Problem:
    return Problem(
        path,
        f"`{'.'.join(path)}` takes one of {list_names(choices)}, found {value!r}",
        f"{suggest(value, choices)}Correct it.",
    )


def _format_value(value: object) -> str:
    # Never the content of a map or list, which may hold a secret.
    return repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__


def _to_camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
