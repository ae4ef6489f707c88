"""Collects the outcomes of checks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome
from meltano_runner.contract.run_record import CheckFinding, CheckReport

if TYPE_CHECKING:
    from meltano_runner.contract.result import RunResult

MAX_SHOWN = 20


@dataclass(slots=True)
class Verdict:
    """The outcomes so far."""

    passed: int = 0
    warned: list[CheckFinding] = field(default_factory=list)
    failed: list[CheckFinding] = field(default_factory=list)

    def add(self, severity: str, check: str, stream: str | None, found: Any, message: str) -> None:  # noqa: ANN401 - any JSON
        """Add a check that did not pass.

        Args:
            severity: `warn` or `fail`.
            check: Its name.
            stream: The stream; None for the run as a whole.
            found: What was found; None if that is not known.
            message: A sentence for a person.
        """
        findings = self.failed if severity == "fail" else self.warned
        findings.append(CheckFinding(check, stream, found, message))

    def build_report(self) -> CheckReport | None:
        """Return the outcome of all checks; None if there were none."""
        if not (self.passed or self.warned or self.failed):
            return None
        return CheckReport(self.passed, tuple(self.warned), tuple(self.failed))


def apply_checks(result: RunResult, report: CheckReport | None) -> RunResult:
    """Return the result of a run as a failure if one of its checks failed; else unchanged."""
    if report is None or not report.failed:
        return result
    lines = [each.message for each in report.failed[:MAX_SHOWN]]
    if more := len(report.failed) - len(lines):
        lines.append(f"and {more} more")
    return replace(
        result, outcome=Outcome.FAILED, category=Category.CHECK_FAILED, error="\n".join(lines)
    )
