"""What came of the checks of a run's result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meltano_runner.contract import Category, Outcome

if TYPE_CHECKING:
    from meltano_runner.contract import RunResult

MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that was not met.

    Attributes:
        check: `min_records`, `max_age`, `schema_change` or `missing_records`.
        stream: The stream; None for the run as a whole.
        severity: `warn` or `fail`.
        found: What was found; None if unknown.
        message: All of it, for a person.
    """

    check: str
    stream: str | None
    severity: str
    found: Any
    message: str


@dataclass(slots=True)
class Verdict:
    """What came of all checks; false where there were none."""

    passed: int = 0
    warned: list[Finding] = field(default_factory=list)
    failed: list[Finding] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.passed or self.warned or self.failed)

    def text(self) -> str:
        """Return the failed checks, a line each."""
        lines = [each.message for each in self.failed[:MAX_SHOWN]]
        if more := len(self.failed) - len(lines):
            lines.append(f"and {more} more")
        return "\n".join(lines)

    def applied(self, result: RunResult) -> RunResult:
        """Return the result of a run as a failure, if a check of it failed; else as it is."""
        if not self.failed:
            return result
        failed, category = Outcome.FAILED, Category.CHECK_FAILED
        return replace(result, outcome=failed, category=category, error=self.text())

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-compatible data."""
        return {
            "passed": self.passed,
            "warned": [_as_dict(each) for each in self.warned],
            "failed": [_as_dict(each) for each in self.failed],
        }


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "stream": finding.stream,
        "found": finding.found,
        "message": finding.message,
    }
