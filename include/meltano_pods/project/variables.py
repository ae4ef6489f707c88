"""Environment variables: references to them in meltano.yml, and a project's `.env`.

References are expanded as `core/utils/__init__.py` of Meltano 4.4.1 does it (`expand_env_vars`):
`$NAME` in capitals, and `${name}` in any case; a backslash before either escapes it. Only the
values of settings, `env` and `state_id_suffix` are expanded, never names, intervals or paths.

Meltano reads `.env` with python-dotenv, which Airflow does not install. Its values may be secrets;
they are never shown.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOTENV_FILE = ".env"

_MAX_BYTES = 1_000_000
# Deployments have no `.env`, so these are compiled at first use: every DAG file pays for imports.
_BINDING = r"""(?x)
    \s*(?:export[^\S\r\n]+)?
    (?:'(?P<quoted_key>[^']+)'|(?P<key>[^=\#\s]+))
    [^\S\r\n]*
    (?:=[^\S\r\n]*(?:
        '(?P<single>(?:\\'|[^'])*)'
      | "(?P<double>(?:\\"|[^"])*)"
      | (?P<plain>[^\r\n]*)
    ))?
    (?:[^\S\r\n]*\#[^\r\n]*)?
    [^\S\r\n]*(?:\r\n|\n|\r|$)
"""
_REST_OF_LINE = r"[^\r\n]*(?:\r\n|\n|\r)?"
_COMMENT = r"\s+#.*"
_ESCAPE = r"\\[\\'\"abfnrtv]"
_ESCAPE_IN_SINGLE = r"\\[\\']"
_DOTENV_REFERENCE = r"\$\{(?P<name>[^\}:]*)(?::-(?P<default>[^\}]*))?\}"

_REFERENCE = re.compile(r"(?P<escape>\\)?\$(?:{(?P<curly>\w+)}|(?P<plain>[A-Z][A-Z0-9_]*))")


class ExpandedText(NamedTuple):
    """A value with its references expanded.

    Attributes:
        text: The value; a variable that is not set is empty.
        unset: Names of the variables that are not set.
    """

    text: str
    unset: tuple[str, ...]


def find_references(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a value refers to."""
    return expand(text, {}).unset


def expand(text: str, variables: Mapping[str, str]) -> ExpandedText:
    """Expand the references in a value."""
    unset: dict[str, None] = {}

    def get_value(match: re.Match[str]) -> str:
        name = match["curly"] or match["plain"]
        if match["escape"]:
            return match[0][1:]
        if name not in variables:
            unset[name] = None
        return variables.get(name, "")

    return ExpandedText(_REFERENCE.sub(get_value, text), tuple(unset))


def read_dotenv(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a project's `.env`; none if there is no such file.

    Args:
        folder: The project's.
        environ: Variables that values may refer to; those of the file take precedence.
    """
    path = folder / DOTENV_FILE
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return {}
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}  # Meltano reports it at the first command
    found: dict[str, str] = {}
    for name, value in parse_dotenv(text).items():
        if value is not None:
            found[name] = re.sub(
                _DOTENV_REFERENCE, lambda match: _resolve(match, {**environ, **found}), value
            )
    return found


def parse_dotenv(text: str) -> dict[str, str | None]:
    """Return the variables as written; None for a name without a value."""
    found: dict[str, str | None] = {}
    binding, rest_of_line = re.compile(_BINDING), re.compile(_REST_OF_LINE)
    at = 0
    while at < len(text):
        match = binding.match(text, at)
        if match is None:
            # A comment, an empty line, or one that python-dotenv does not understand either.
            rest = rest_of_line.match(text, at)
            at = len(text) if rest is None or rest.end() == at else rest.end()
            continue
        at = match.end() if match.end() > at else at + 1
        found[match["quoted_key"] or match["key"]] = _get_value(match)
    return found


def _get_value(match: re.Match[str]) -> str | None:
    if match["single"] is not None:
        return re.sub(_ESCAPE_IN_SINGLE, _unescape, match["single"])
    if match["double"] is not None:
        return re.sub(_ESCAPE, _unescape, match["double"])
    if match["plain"] is not None:
        return re.sub(_COMMENT, "", match["plain"]).rstrip()
    return None


def _unescape(match: re.Match[str]) -> str:
    return codecs.decode(match[0], "unicode-escape")


def _resolve(match: re.Match[str], environ: Mapping[str, str]) -> str:
    return environ.get(match["name"], match["default"] or "")
