"""Reads the bookmark of each stream from a Singer state.

State has no fixed form. The Singer SDK and most taps keep `bookmarks: {stream: {...}}`, with the
replication key's value inside.
https://hub.meltano.com/singer/spec#state
"""

from __future__ import annotations

import json
import re
from typing import Any

_MAX_LENGTH = 256
_CONSTANTS = {"None": "null", "True": "true", "False": "false"}
_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\b(?:None|True|False)\b""", re.DOTALL)
_VALUE_KEYS = ("replication_key_value", "bookmark", "version_timestamp")


def parse_logged_state(text: str) -> dict[str, Any] | None:
    """Read the state in Meltano's debug line `Incremental state: {...}` (a Python literal).

    It is turned into JSON first: to parse Python takes 70 times the memory of the text, which would
    end a run whose state has several megabytes.
    """
    try:
        state = json.loads(_LITERAL.sub(_convert_literal, text))
    except (ValueError, MemoryError, RecursionError):
        return None
    return state if isinstance(state, dict) else None


def _convert_literal(match: re.Match[str]) -> str:
    literal = match[0]
    if literal in _CONSTANTS:
        return _CONSTANTS[literal]
    if "\\" not in literal:
        return json.dumps(literal[1:-1])
    import ast  # noqa: PLC0415 - for few strings, once a run, at its end

    return json.dumps(ast.literal_eval(literal))


def format_bookmarks(state: dict[str, Any]) -> dict[str, str]:
    """Return a short text for each stream's bookmark, at most 256 characters.

    Streams with full-table replication have an empty bookmark and are omitted.
    """
    bookmarks = state.get("bookmarks")
    if not isinstance(bookmarks, dict):
        return {}
    return {
        str(stream): _format_bookmark(bookmark)
        for stream, bookmark in bookmarks.items()
        if bookmark
    }


def _format_bookmark(bookmark: object) -> str:
    found = bookmark
    if isinstance(bookmark, dict):
        found = next((bookmark[key] for key in _VALUE_KEYS if bookmark.get(key) is not None), found)
    text = found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"
