"""References to environment variables in a meltano.yml, expanded as Meltano does.

As `core/utils/__init__.py` of Meltano 4.4.1 has it (`expand_env_vars`): `$NAME` in capitals, and
`${name}` in any; a backslash before either keeps it. Only values of Meltano's and of plugins'
settings, `env` and `state_id_suffix` are expanded, never names, intervals or paths.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"(?P<escape>\\)?\$(?:{(?P<curly>\w+)}|(?P<plain>[A-Z][A-Z0-9_]*))")


class Expanded(NamedTuple):
    """A value whose references were replaced.

    Attributes:
        text: The value; a variable that is not set is nothing in it.
        unset: Names of those.
    """

    text: str
    unset: tuple[str, ...]


def references_in(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a value refers to."""
    return expand(text, {}).unset


def expand(text: str, variables: Mapping[str, str]) -> Expanded:
    """Replace the references in a value."""
    unset: dict[str, None] = {}

    def value_of(match: re.Match[str]) -> str:
        name = match["curly"] or match["plain"]
        if match["escape"]:
            return match[0][1:]
        if name not in variables:
            unset[name] = None
        return variables.get(name, "")

    return Expanded(_REFERENCE.sub(value_of, text), tuple(unset))
