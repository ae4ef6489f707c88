"""The English of files that are not Markdown: comments, docstrings, messages, each on its line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATTERNS = (
    "*.py", "*.sh", "*.yml", "*.yaml", "*.tpl", "*.toml", "*NOTES.txt", "Dockerfile*", "Makefile",
)  # fmt: skip
"""The files that have any, as Git matches them."""

_COMMENT = re.compile(r"^\s*#+(?!!)[ @]*|\s#+ ")
_DIRECTIVE = re.compile(r"noqa|type: |fmt: |shellcheck |syntax=")
_MAKE_HELP = re.compile(r"^[a-z-]+:.*?## ")
_PROSE = re.compile(r"[a-z]{2,}[,;:]? [a-z`{'(]", re.IGNORECASE)
_VALUE = "`x`"
"""Replaces a value in a message. To Vale it is code, whose words do not count."""


def prose_of(path: Path) -> list[str]:
    """Return the file's prose line by line; a line without any is empty.

    A text stands on the line where it starts in the source, so that a finding has the right line.
    """
    source = path.read_text()
    lines = [""] * (source.count("\n") + 1)
    for line, text in _texts(path, source):
        lines[line] = f"{lines[line]} {text}".strip()
    return lines


def _texts(path: Path, source: str) -> Iterator[tuple[int, str]]:
    if path.suffix == ".py":
        yield from _python_comments(source)
        yield from _python_strings(source)
    elif path.name == "NOTES.txt":
        yield from enumerate(re.sub(r"{{.*?}}", _VALUE, line) for line in source.splitlines())
    else:
        yield from _comments(source)


def _python_comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _DIRECTIVE.search(token.string):
            yield token.start[0] - 1, token.string.lstrip("# ")


def _python_strings(source: str) -> Iterator[tuple[int, str]]:
    parts: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts.update(ast.walk(node))
            text = "".join(_part(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            text = node.value
        else:
            continue
        if _PROSE.search(text):
            last = (node.end_lineno or node.lineno) - 1
            for number, line in enumerate(text.split("\n"), node.lineno - 1):
                # Without its indentation, for which Markdown would read it as code.
                yield min(number, last), line.strip()


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else _VALUE


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines()):
        if found := _MAKE_HELP.match(line) or _COMMENT.search(line):
            text = line[found.end() :]
            # Within quotes it is not a comment, but a pattern or a heredoc's Markdown.
            if not _DIRECTIVE.search(text) and line[: found.start()].count("'") % 2 == 0:
                yield number, text.strip()
