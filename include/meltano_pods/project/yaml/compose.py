"""Composes YAML text into nodes: with limits, without duplicate keys, with merge keys resolved.

Nothing is constructed. Size and depth are limited, because a few lines with aliases or merge keys
can expand to millions of values, and the C parser crashes on brackets nested too deeply.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.yaml.scalars import resolve_scalar

UNTAGGED = ""
"""The tag of a plain scalar, list or mapping without a tag; its type depends on its text."""
STRING = "tag:yaml.org,2002:str"

MAX_DEPTH = 50
_MAX_MERGED = 50_000
_OTHER_VERSION = re.compile(r"\ufeff?%YAML[ \t]+(?!1\.2\b)(\S+)")
# The C parser is seven times as fast.
_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class TooDeepError(yaml.MarkedYAMLError):
    """Lists and mappings are nested deeper than any project needs."""


class _Loader(_BASE):  # type: ignore[misc]
    """Composes nodes with tags as written, without the types of YAML 1.1."""

    depth = 0

    def resolve(self, kind: type[yaml.Node], value: object, implicit: object) -> str:  # noqa: ARG002
        """Return the tag of a node without one; quoted scalars are strings."""
        quoted = kind is yaml.ScalarNode and isinstance(implicit, tuple) and not implicit[0]
        return STRING if quoted else UNTAGGED

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:  # noqa: ARG002
        """Count the depth; called before each node."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = None if parent is None else parent.start_mark
            raise TooDeepError(problem="too deep", problem_mark=mark)

    def ascend_resolver(self) -> None:
        """Count the depth; called after each node."""
        self.depth -= 1


def compose(text: str, file: str) -> yaml.MappingNode:
    """Return the file's top-level mapping, completely checked.

    Args:
        text: The file's content.
        file: Its path as messages show it.

    Raises:
        ProjectError: Not YAML, empty, not a mapping, nested too deeply, a duplicate key, or an
            invalid merge key.
    """
    if (version := _OTHER_VERSION.match(text)) is not None:
        raise ProjectError(
            f"the file declares YAML {version[1][:10]}; Meltano reads YAML 1.2",
            Location(file, 1),
            "Remove the line `%YAML`, and quote names such as 'on' and 'yes' if in doubt.",
        )
    raw = _parse(text, file)
    plain = isinstance(raw, yaml.ScalarNode) and raw.tag == UNTAGGED
    if raw is None or (plain and resolve_scalar(raw.value) is None):
        raise ProjectError(
            "the file is empty",
            Location(file),
            "Write at least `plugins:` and `jobs:`.",
        )
    if not isinstance(raw, yaml.MappingNode):
        found = "a list" if isinstance(raw, yaml.SequenceNode) else "a single value"
        raise ProjectError(
            f"expected a mapping, found {found}",
            Location(file, get_line(raw)),
            "Start the file with keys such as `plugins:` and `jobs:`.",
        )
    _Checker(file).visit(raw, "")
    return raw


def get_line(raw: yaml.Node) -> int:
    """Return a node's line, counted from 1."""
    return int(raw.start_mark.line) + 1


def _parse(text: str, file: str) -> yaml.Node | None:
    try:
        raw: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        from meltano_pods.project.yaml.syntax_errors import explain  # noqa: PLC0415 - rarely needed

        raise explain(error, text, file) from None
    return raw


class _Checker:
    """Rejects duplicate keys, as Meltano's reader does, and resolves merge keys in place."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: set[int] = set()
        self._done: set[int] = set()
        self._merged = 0

    def visit(self, raw: yaml.CollectionNode, path: str) -> None:
        if id(raw) in self._open or id(raw) in self._done:
            return
        self._open.add(id(raw))
        if isinstance(raw, yaml.SequenceNode):
            for index, each in enumerate(raw.value):
                if isinstance(each, yaml.CollectionNode):
                    self.visit(each, f"{path}[{index}]")
        else:
            self._check_mapping(raw, path)
        self._open.discard(id(raw))
        self._done.add(id(raw))

    def _check_mapping(self, raw: yaml.Node, path: str) -> None:
        keys: dict[str, yaml.Node] = {}
        above = f"{path}." if path else ""
        for key, value in raw.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ProjectError(
                    "a key is a list or a mapping",
                    Location(self._file, get_line(key), path),
                    "Write keys as plain words; quote a value that starts with `{` or `[`.",
                )
            if key.value in keys:
                raise ProjectError(
                    f"duplicate key `{key.value[:40]}`, first on line {get_line(keys[key.value])}",
                    Location(self._file, get_line(key), above + key.value),
                    "Keep one of them, or merge their values.",
                )
            keys[key.value] = key
            if isinstance(value, yaml.CollectionNode):
                self.visit(value, above + key.value)
        if MERGE in keys:
            self._resolve_merge(raw, path)

    def _resolve_merge(self, raw: yaml.Node, path: str) -> None:
        """Append merged entries; explicit keys take precedence, then the first merged mapping."""
        entries = [(key, value) for key, value in raw.value if key.value != MERGE]
        names = {key.value for key, _ in entries}
        merged = next(value for key, value in raw.value if key.value == MERGE)
        for source in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
            where = Location(self._file, get_line(source), f"{path}.{MERGE}" if path else MERGE)
            if not isinstance(source, yaml.MappingNode):
                found = "a list" if isinstance(source, yaml.SequenceNode) else "a single value"
                raise ProjectError(
                    f"`{MERGE}` merges mappings, found {found}",
                    where,
                    f"Name an anchor of a mapping, such as `{MERGE}: *defaults`.",
                )
            if id(source) in self._open:
                raise ProjectError(
                    f"`{MERGE}` merges a mapping into itself",
                    where,
                    "Merge another mapping, one that is complete before this one starts.",
                )
            self._merged += len(source.value)
            if self._merged > _MAX_MERGED:
                raise ProjectError(
                    f"`{MERGE}` expands the file to more than {_MAX_MERGED:,} entries",
                    where,
                    "Merge small mappings of settings, not whole sections.",
                )
            for key, value in source.value:
                if key.value not in names:
                    names.add(key.value)
                    entries.append((key, value))
        raw.value = entries


MERGE = "<<"
