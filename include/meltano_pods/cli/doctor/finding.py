"""What doctor finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, WARNING, FAULT = "ok", "note", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: `ok`; `note` for what could not be looked at, or is worth knowing; `warning` for
            what will do harm some day; `fault` for what keeps runs from working.
        topic: What was looked at: `namespace`, `rights`, `secrets`, ...
        what: What was found.
        fix: What to do about it; empty where there is nothing to do.
    """

    level: str
    topic: str
    what: str
    fix: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-compatible data."""
        return asdict(self)


def ok(topic: str, what: str) -> Finding:
    """Return a finding that is well."""
    return Finding(OK, topic, what)
