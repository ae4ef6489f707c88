"""YAML text as nodes that know their place.

Only composed, never constructed: a value is looked at when a reader asks for it, so plugin
configuration, which may hold secrets, stays unread and out of every message. Scalars resolve by
YAML 1.2, as Meltano's own reader has it: `on`, `yes` and `12:30` are strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from meltano_pods.errors import Location, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The C parser takes a seventh of the time.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MAX_DEPTH = 30
_MAX_SHOWN = 80

Entries = dict[str, "Node"]


class Node:
    """One YAML value with its place and the readings a project needs.

    Args:
        raw: The composed YAML node.
        where: Its place; the line is that of its key where it has one.
    """

    __slots__ = ("_raw", "where")

    def __init__(self, raw: yaml.Node, where: Location) -> None:
        self._raw = raw
        self.where = where

    def fail(self, what: str, fix: str) -> NoReturn:
        """Raise a `ProjectError` at this place."""
        raise ProjectError(what, self.where, fix)

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here."""
        return isinstance(self._raw, yaml.ScalarNode) and self._scalar() is None

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self._raw, yaml.SequenceNode)

    @property
    def kind(self) -> str:
        """What this is, in words."""
        if isinstance(self._raw, yaml.MappingNode):
            return "a mapping"
        if isinstance(self._raw, yaml.SequenceNode):
            return "a list"
        kinds = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a number"}
        return kinds.get(type(self._scalar()), "a string")

    def mapping(self, example: str) -> Entries:
        """Return the entries of a mapping; nothing written counts as no entries.

        Args:
            example: What would be right here, for the message.
        """
        if self.is_null:
            return {}
        if not isinstance(self._raw, yaml.MappingNode):
            self.fail(f"expected a mapping, found {self.kind}", f"Write it as {example}.")
        return dict(self._entries(self._raw))

    def elements(self, example: str) -> list[Node]:
        """Return the elements of a list; nothing written counts as no elements."""
        if self.is_null:
            return []
        if not isinstance(self._raw, yaml.SequenceNode):
            self.fail(f"expected a list, found {self.kind}", f"Write it as {example}.")
        return [
            Node(raw, Location(self.where.file, _line(raw), f"{self.where.key}[{index}]"))
            for index, raw in enumerate(self._raw.value)
        ]

    def text(self, example: str) -> str:
        """Return a non-empty string. A number is refused: Meltano would look up a number."""
        value = self._scalar() if isinstance(self._raw, yaml.ScalarNode) else None
        if not isinstance(value, str) or not value.strip():
            shown = self.kind if value is None or isinstance(value, str) else f"{value!r}"
            shown = "an empty string" if value is not None and shown == "a string" else shown
            self.fail(
                f"expected a string, found {shown}", f"Write it as {example}, quoted if in doubt."
            )
        return value

    def plain(self, depth: int = 0) -> Any:  # noqa: ANN401
        """Return this as plain data: for annotations of ours, which hold no secrets."""
        if depth > _MAX_DEPTH:
            self.fail("nested too deeply", "Check the YAML anchors for one that holds itself.")
        if isinstance(self._raw, yaml.MappingNode):
            return {key: node.plain(depth + 1) for key, node in self._entries(self._raw)}
        if isinstance(self._raw, yaml.SequenceNode):
            return [node.plain(depth + 1) for node in self.elements("a list")]
        return self._scalar()

    def places(self, prefix: str = "") -> Iterator[tuple[str, Location]]:
        """Yield the dotted path of every entry below, with its place."""
        if isinstance(self._raw, yaml.MappingNode):
            children = list(self._entries(self._raw))
        elif isinstance(self._raw, yaml.SequenceNode):
            children = [(str(i), node) for i, node in enumerate(self.elements("a list"))]
        else:
            return
        for key, node in children:
            path = f"{prefix}.{key}" if prefix else key
            yield path, node.where
            yield from node.places(path)

    def _scalar(self) -> str | float | bool | None:
        raw: Any = self._raw
        text: str = raw.value
        if raw.style not in (None, ""):
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _entries(self, raw: yaml.MappingNode) -> Iterator[tuple[str, Node]]:
        own = {key.value: (key, value) for key, value in raw.value}
        for key, value in raw.value:
            if key.value != "<<":
                path = f"{self.where.key}.{key.value}" if self.where.key else key.value
                yield key.value, Node(value, Location(self.where.file, _line(key), path))
        if "<<" not in own:
            return
        # Merged entries come last and yield to written ones; of several, the first wins.
        merged = own["<<"][1]
        for each in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
            if isinstance(each, yaml.MappingNode):
                for key, node in self._entries(each):
                    if key not in own:
                        own[key] = (each, each)
                        yield key, node


def shown(value: str) -> str:
    """Return a found value as a message shows it."""
    return repr(value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "...")


def parse(text: str, file: str) -> Node:
    """Compose `text` and check what holds for the whole document.

    Args:
        text: The file's content.
        file: Its path as messages show it.

    Raises:
        ProjectError: Not YAML, empty, not a mapping, or a key written twice.
    """
    try:
        raw = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        # Problem and place only: the error's own text quotes the line, which may hold a secret.
        mark = error.problem_mark or error.context_mark
        place = Location(file, None if mark is None else mark.line + 1)
        raise ProjectError(
            f"not valid YAML: {_problem(error)}", place, _syntax_fix(error, text, place)
        ) from None
    except yaml.YAMLError:
        raise ProjectError(
            "not valid YAML: it holds a character that YAML does not allow",
            Location(file),
            "Remove control characters; save the file as UTF-8.",
        ) from None
    root = Node(raw, Location(file)) if raw is not None else None
    if root is None or root.is_null:
        raise ProjectError(
            "the file is empty",
            Location(file),
            "Write at least `plugins:` and `jobs:`, or `meltano init` a project.",
        )
    if not isinstance(raw, yaml.MappingNode):
        where = Location(file, _line(raw))
        raise ProjectError(
            f"expected a mapping, found {root.kind}",
            where,
            "Start the file with keys such as `plugins:` and `jobs:`.",
        )
    _refuse_duplicates(raw, file, "", set())
    return root


def _refuse_duplicates(raw: yaml.Node, file: str, path: str, seen: set[int]) -> None:
    """Refuse a key written twice, anywhere: Meltano's reader does, PyYAML keeps the last."""
    if id(raw) in seen:
        return
    seen.add(id(raw))
    if isinstance(raw, yaml.SequenceNode):
        for index, each in enumerate(raw.value):
            _refuse_duplicates(each, file, f"{path}[{index}]", seen)
    elif isinstance(raw, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in raw.value:
            here = f"{path}.{key.value}" if path else str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                raise ProjectError(
                    "a key is a list or a mapping",
                    Location(file, _line(key), path),
                    "Write keys as plain words; quote a value that starts with `{` or `[`.",
                )
            if key.value in lines:
                raise ProjectError(
                    f"the key `{key.value}` is written twice, first on line {lines[key.value]}",
                    Location(file, _line(key), here),
                    "Keep one of them, or join the two.",
                )
            lines[key.value] = _line(key)
            _refuse_duplicates(value, file, here, seen)


def _line(raw: yaml.Node) -> int:
    return int(raw.start_mark.line) + 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)


def _syntax_fix(error: yaml.MarkedYAMLError, text: str, where: Location) -> str:
    lines = text.splitlines()
    line = lines[where.line - 1] if where.line and where.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "Indent with spaces: YAML does not allow tabs there."
    if "mapping values are not allowed" in _problem(error):
        return "Check the indentation, and quote a value that holds `: `."
    return "Check the indentation and the quotes on this line and the one before."
