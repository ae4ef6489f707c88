"""The values of run options.

Settings and workers validate them with the functions here; Airflow's trigger form and REST API use
the same patterns and lists, as JSON schemas.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from meltano_pods.settings.types.errors import build_nested_error

LOG_LEVELS = ("debug", "info", "warning", "error")
STATE_STRATEGIES = ("auto", "merge", "overwrite")

# Python's `$` also matches before a final line break, and JSON schema has no `\Z`.
_END = r"(?!\n)$"
SUFFIX = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,62}}{_END}"
"""Without colons, which separate the parts of Meltano's state ids."""
STREAMS = rf"^!?[\w*?\[][\w*?\[\]./:!@ -]{{0,254}}{_END}"
"""Without `$` and braces, which Meltano, Kubernetes or a template could expand."""
MAX_PATTERNS = 100

SUFFIX_RULE = "1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
STREAMS_RULE = (
    "the name of a stream, with `*` and `?` as wildcards and a leading `!` to exclude streams "
    "(`orders`, `public-*`, `!*_raw`), after `tap-name:` to apply to one of several taps"
)

# For Airflow's trigger form and for editors of meltano.yml.
SUFFIX_SCHEMA: dict[str, Any] = {"type": ["string", "null"], "pattern": SUFFIX}
STREAMS_SCHEMA: dict[str, Any] = {
    "type": ["array", "null"],
    "items": {"type": "string", "pattern": STREAMS},
    "maxItems": MAX_PATTERNS,
}


def check_suffix(value: object) -> object:
    """Accept a suffix for state ids.

    Raises:
        ValueError: It is not valid.
    """
    if value is None or (isinstance(value, str) and re.search(SUFFIX, value)):
        return value
    raise ValueError(f"takes {SUFFIX_RULE}")


def check_streams(value: object) -> object:
    """Accept a list of patterns of streams; null stands for an empty list.

    Raises:
        ValueError: It is not valid; the message says which pattern is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MAX_PATTERNS:
        raise ValueError(f"takes a list of at most {MAX_PATTERNS}: [orders, '!raw']")
    for index, each in enumerate(value):
        if not (isinstance(each, str) and re.search(STREAMS, each)):
            raise build_nested_error(str(index), f"pattern {index + 1} is not {STREAMS_RULE}")
    return tuple(value)


Flag = Annotated[bool, Field(strict=True)]
Streams = Annotated[tuple[str, ...], BeforeValidator(check_streams), WithJsonSchema(STREAMS_SCHEMA)]
StateIdSuffix = Annotated[str | None, BeforeValidator(check_suffix), WithJsonSchema(SUFFIX_SCHEMA)]
