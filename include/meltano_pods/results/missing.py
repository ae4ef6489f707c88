"""Checks that a target read all records that the tap sent; the only check that is on by default.

A target that drops records and ends with 0 is a success to Meltano, which then saves a state that
says they were loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import pluralize
from meltano_pods.settings.types.checks import MISSING_RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_runner.contract.result import RunResult

    from meltano_pods.results.verdict import Verdict

_DEFAULT = {"fail": 0}


def check_missing(verdict: Verdict, bounds: Mapping[str, int] | None, result: RunResult) -> None:
    """Check each pipeline of a run whose plugins count exactly.

    Args:
        verdict: Collects the outcomes.
        bounds: By severity, as settings.types.checks reads it; none to check nothing, None for the
            default.
        result: What the run did.
    """
    severity = next(iter(_DEFAULT if bounds is None else bounds), None)
    if severity is None:
        return
    for pipeline in result.pipelines:
        pair = f"{pipeline.tap} to {pipeline.target}"
        if pipeline.missing is None:
            if bounds is not None:
                text = f"{pair}: not checked, the plugins do not count exactly ({MISSING_RECORDS})"
                verdict.add("warn", MISSING_RECORDS, None, None, text)
        elif pipeline.missing == 0:
            verdict.passed += 1
        else:
            text = (
                f"{pair}: {pluralize(pipeline.extracted or 0, 'record')} extracted, "
                f"{pipeline.missing:,} of them not read by the target ({MISSING_RECORDS})"
            )
            verdict.add(severity, MISSING_RECORDS, None, pipeline.missing, text)
