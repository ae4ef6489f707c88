"""A finding of doctor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, WARNING, ERROR = "ok", "note", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        level: `ok`; `note` for what could not be checked, or is worth knowing; `warning` for what
            can cause a failure later; `error` for what keeps runs from working.
        topic: What was checked: `namespace`, `permissions`, `secrets`, ...
        what: What was found.
        fix: How to fix it; empty if there is nothing to fix.
    """

    level: str
    topic: str
    what: str
    fix: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-compatible data."""
        return asdict(self)


def build_ok(topic: str, what: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(OK, topic, what)
