"""What the options of a run may be: the one place that says so.

Settings and the worker check by the functions here, Airflow's trigger form and REST API by the same
patterns and lists, as JSON schema.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from meltano_pods.settings.types.errors import inner_error

LOG_LEVELS = ("debug", "info", "warning", "error")
STATE_STRATEGIES = ("auto", "merge", "overwrite")

# Python's `$` also matches before a last line break, and `\Z` is none of JSON schema's.
_END = r"(?!\n)$"
SUFFIX = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,62}}{_END}"
"""No colon: Meltano puts state ids together with it."""
STREAMS = rf"^!?[\w*?\[][\w*?\[\]./:!@ -]{{0,254}}{_END}"
"""Neither `$` nor braces, which Meltano, Kubernetes or a template could take for a variable."""
MAX_PATTERNS = 100

SUFFIX_RULE = "1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
STREAMS_RULE = (
    "the name of a stream, with `*` and `?` as wildcards and a leading `!` to leave streams out "
    "(`orders`, `public-*`, `!*_raw`), after `tap-name:` for one of several taps"
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
        ValueError: It is none.
    """
    if value is None or (isinstance(value, str) and re.search(SUFFIX, value)):
        return value
    raise ValueError(f"takes {SUFFIX_RULE}")


def check_streams(value: object) -> object:
    """Accept a list of patterns of streams; nothing (YAML's null) is an empty one.

    Raises:
        ValueError: It is none; the message says which pattern is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MAX_PATTERNS:
        raise ValueError(f"takes a list of at most {MAX_PATTERNS}: [orders, '!raw']")
    for index, each in enumerate(value):
        if not (isinstance(each, str) and re.search(STREAMS, each)):
            raise inner_error(str(index), f"pattern {index + 1} is not {STREAMS_RULE}")
    return tuple(value)


Flag = Annotated[bool, Field(strict=True)]
Streams = Annotated[tuple[str, ...], BeforeValidator(check_streams), WithJsonSchema(STREAMS_SCHEMA)]
StateIdSuffix = Annotated[str | None, BeforeValidator(check_suffix), WithJsonSchema(SUFFIX_SCHEMA)]
