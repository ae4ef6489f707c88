"""YAML values that know their place.

A value is read only on demand, so plugin configuration, which may contain secrets, stays unread and
out of every message. As in Meltano, scalars have the types of YAML 1.2: `on`, `yes` and `12:30` are
strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from meltano_pods.errors import Location, ProjectError, ProjectFileError, ProjectLoadError
from meltano_pods.project.yaml.compose import STRING, UNTAGGED, compose, get_line
from meltano_pods.project.yaml.scalars import is_date, parse_date, resolve_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_STANDARD = "tag:yaml.org,2002:"
_MAX_DEPTH = 30
_MAX_VALUES = 100_000
_MAX_SHOWN = 80
_REFERENCE = re.compile(r"\$\{?(?P<name>\w+)\}?")

Entries = dict[str, "Node"]


class _Budget:
    """How many more values may be read from a file: aliases can expand a few lines to millions."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = _MAX_VALUES


class Node:
    """One YAML value with its place.

    Args:
        raw: The composed YAML node.
        where: Its place; the line is that of its key, if it has one.
        budget: How many more values may be read from the file.
        depth: Number of lists and mappings around it.
    """

    __slots__ = ("_budget", "_depth", "_raw", "where")

    def __init__(self, raw: yaml.Node, where: Location, budget: _Budget, depth: int = 0) -> None:
        self._raw = raw
        self._budget = budget
        self._depth = depth
        self.where = where

    def build_error(
        self, what: str, fix: str, kind: type[ProjectError] = ProjectError
    ) -> ProjectError:
        """Return an error at this place."""
        return kind(what, self.where, fix)

    def fail(self, what: str, fix: str, kind: type[ProjectError] = ProjectError) -> NoReturn:
        """Raise an error at this place."""
        raise kind(what, self.where, fix)

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        raw = self._raw
        return isinstance(raw, yaml.ScalarNode) and raw.tag != STRING and self._scalar() is None

    @property
    def is_empty(self) -> bool:
        """Whether Meltano treats it as missing: null, or an empty string, list or mapping."""
        return self.is_null or not self._raw.value

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self._raw, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self._raw, yaml.SequenceNode)

    @property
    def reference(self) -> str | None:
        """The name of a variable, if the value is only a reference to it: `$NAME`."""
        found = isinstance(self._raw, yaml.ScalarNode) and _REFERENCE.fullmatch(self._raw.value)
        return found["name"] if found else None

    @property
    def kind(self) -> str:
        """Its type, as messages name it."""
        if isinstance(self._raw, yaml.MappingNode):
            return "a mapping"
        if isinstance(self._raw, yaml.SequenceNode):
            return "a list"
        if self._is_date():
            return "a date"
        kinds = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a number"}
        return kinds.get(type(self._scalar()), "a string")

    def as_mapping(self, example: str, kind: type[ProjectError] = ProjectError) -> Entries:
        """Return the entries of a mapping; null counts as empty.

        Args:
            example: A valid value, for the message.
            kind: Class of the error for anything else.
        """
        if self.is_null:
            return {}
        self.check_mapping(example, kind)
        return dict(self._entries())

    def check_mapping(self, example: str, kind: type[ProjectError] = ProjectError) -> None:
        """Raise an error unless this is a mapping; see `as_mapping` for the arguments."""
        if not isinstance(self._raw, yaml.MappingNode):
            self.fail(f"expected a mapping, found {self.kind}", f"Write it as {example}.", kind)

    def as_list(
        self, example: str, kind: type[ProjectError] = ProjectError, *, empty: bool = True
    ) -> list[Node]:
        """Return the elements of a list.

        Args:
            example: A valid value, for the message.
            kind: Class of the error for anything else.
            empty: Whether null counts as empty; at some places Meltano fails.
        """
        if self.is_null and empty:
            return []
        if not isinstance(self._raw, yaml.SequenceNode):
            or_nothing = "Remove the key, or write" if self.is_null else "Write"
            self.fail(f"expected a list, found {self.kind}", f"{or_nothing} it as {example}.", kind)
        return list(self._elements())

    def as_string(self, example: str, kind: type[ProjectError] = ProjectError) -> str:
        """Return a non-empty string. A number is rejected: Meltano would look up a number.

        Args:
            example: A valid value, for the message.
            kind: Class of the error for a number, a boolean or null.
        """
        value = self._scalar() if isinstance(self._raw, yaml.ScalarNode) else ""
        if not isinstance(value, str) or not value.strip() or self._is_date():
            found = self.kind if value is None or isinstance(value, str) else f"{value!r}"
            found = "an empty string" if found == "a string" else found
            self.fail(
                f"expected a string, found {found}",
                f"Write it as {example}, quoted if in doubt.",
                ProjectError if isinstance(value, str) else kind,
            )
        return value

    def as_date(self, example: str) -> datetime:
        """Return a date, or a date and time, written with or without quotes.

        Args:
            example: A valid value, for the message.
        """
        text = self._raw.value if isinstance(self._raw, yaml.ScalarNode) else ""
        if (found := parse_date(text)) is None:
            # Meltano's YAML reader converts unquoted dates.
            kind = ProjectLoadError if self._is_date() else ProjectError
            self.fail(f"expected a date, found {self.kind}", f"Write it as {example}.", kind)
        return found

    def as_variable(self) -> str:
        """Return the value of an environment variable: a string, or a number as written."""
        value = self._scalar() if isinstance(self._raw, yaml.ScalarNode) else None
        if value is None or isinstance(value, bool):
            # The value is never shown, because it may be a secret.
            self.fail(
                f"expected a string, found {self.kind}",
                "Quote the value, so that the run receives it as written: `'true'`.",
            )
        return str(self._raw.value)

    def stringify(self) -> str | None:
        """Return a scalar as Meltano converts it to a string; None for null, lists and mappings."""
        if not isinstance(self._raw, yaml.ScalarNode):
            return None
        value = self._scalar()
        return None if value is None else str(value)

    def as_data(self) -> tuple[Any, dict[str, Location]]:
        """Return this as plain data, and the place of every entry by its dotted path.

        For our annotations, which contain no secrets.
        """
        places: dict[str, Location] = {}
        return self._plain(places, ()), places

    def _plain(self, places: dict[str, Location], path: tuple[str, ...]) -> Any:  # noqa: ANN401
        if path:
            places[".".join(path)] = self.where
        if isinstance(self._raw, yaml.MappingNode):
            return {
                key: node._plain(places, (*path, key))  # noqa: SLF001
                for key, node in self._entries()
            }
        if isinstance(self._raw, yaml.SequenceNode):
            return [
                node._plain(places, (*path, str(index)))  # noqa: SLF001
                for index, node in enumerate(self._elements())
            ]
        return self._scalar()

    def _is_date(self) -> bool:
        return self._raw.tag == UNTAGGED and is_date(self._raw.value)

    def _scalar(self) -> str | float | bool | None:
        text: str = self._raw.value
        tag: str = self._raw.tag
        if tag == STRING:
            return text
        if tag != UNTAGGED:
            self._check_tag()
        return resolve_scalar(text)

    def _entries(self) -> Iterator[tuple[str, Node]]:
        self._spend()
        file, above = self.where.file, f"{self.where.key}." if self.where.key else ""
        budget, depth = self._budget, self._depth + 1
        for key, value in self._raw.value:
            text = key.value
            name = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."
            yield text, Node(value, Location(file, get_line(key), above + name), budget, depth)

    def _elements(self) -> Iterator[Node]:
        self._spend()
        file, key = self.where.file, self.where.key
        for index, raw in enumerate(self._raw.value):
            where = Location(file, get_line(raw), f"{key}[{index}]")
            yield Node(raw, where, self._budget, self._depth + 1)

    def _spend(self) -> None:
        self._check_tag()
        if self._depth > _MAX_DEPTH:
            self.fail(
                "nested too deeply",
                "Check the YAML anchors for one that contains itself.",
                ProjectFileError,
            )
        self._budget.count -= len(self._raw.value)
        if self._budget.count < 0:
            self.fail(
                f"the file expands to more than {_MAX_VALUES:,} values",
                "Check for YAML anchors that refer to each other repeatedly, or split the project.",
                ProjectFileError,
            )

    def _check_tag(self) -> None:
        tag = self._raw.tag
        if tag == UNTAGGED or tag.removeprefix(_STANDARD) in _TAGS[type(self._raw)]:
            return
        shown_tag = tag.replace(_STANDARD, "!!")[:_MAX_SHOWN]
        self.fail(
            f"the YAML tag `{shown_tag}` is not supported here",
            "Remove it, and write the value as plain YAML.",
        )


_TAGS: dict[type[yaml.Node], tuple[str, ...]] = {
    yaml.ScalarNode: ("str", "int", "float", "bool", "null"),
    yaml.SequenceNode: ("seq",),
    yaml.MappingNode: ("map",),
}


def quote(value: str) -> str:
    """Return a value as messages show it."""
    return repr(value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "...")


def parse_yaml(text: str, file: str) -> Node:
    """Return the file's mapping.

    Args:
        text: The file's content.
        file: Its path as messages show it.

    Raises:
        ProjectError: The file as a whole is invalid; see `compose`.
    """
    return Node(compose(text, file), Location(file), _Budget())
