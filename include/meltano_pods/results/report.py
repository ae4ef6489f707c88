"""What an operator does once it knows a run's result."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meltano_runner.contract import Category, Outcome

from meltano_pods.diagnosis import Failure, failure_of, summarize
from meltano_pods.names import counted, describe_counts
from meltano_pods.results import columns
from meltano_pods.results.assets import emit
from meltano_pods.results.checks import evaluate
from meltano_pods.results.lines import tell
from meltano_pods.results.options import LABEL

if TYPE_CHECKING:
    from meltano_runner.contract import RunResult

    from meltano_pods.results.ended import Ended
    from meltano_pods.results.options import Reporting
    from meltano_pods.results.verdict import Verdict

SUMMARY = "summary"
"""Key of the XCom that holds the result in one line, whichever way the run ended."""
RESULT = "result"
"""Key of the XCom that holds the result of a run that failed; of others it is `return_value`."""

_MAX_LABEL = 250  # characters that Airflow keeps
_MAX_XCOM = 1 << 16
"""Bytes; columns of a larger result are left out: every run's stays in Airflow's database."""


def succeeded(ended: Ended, reporting: Reporting, result: RunResult) -> dict[str, Any]:
    """Report a run that did its work, check it, and return what the task returns.

    Args:
        ended: The task.
        reporting: What is to be done with the result.
        result: What the run did.

    Raises:
        RunRefusedError: A check failed. What was loaded stays loaded.
    """
    verdict = evaluate(
        reporting, result, lambda: columns.compare(reporting.project, result, ended.log)
    )
    result = verdict.applied(result)
    _tell(ended, result, verdict)
    if verdict.failed:
        _push(ended, RESULT, _as_dict(result, verdict))
        raise failure_of(Failure(result, tries=ended.tries), ended.where)
    emit(ended, reporting, result)
    return _as_dict(result, verdict)


def failed(ended: Ended, result: RunResult) -> None:
    """Report a run that failed or was stopped; the caller raises."""
    _tell(ended, result, None)
    _push(ended, RESULT, _as_dict(result, None))


def _tell(ended: Ended, result: RunResult, verdict: Verdict | None) -> None:
    for each in verdict.warned if verdict else ():
        ended.log.warning("Check warned: %s", each.message)
    tell(result, ended.log)
    warned = len(verdict.warned) if verdict else 0
    warnings = f"; {counted(warned, 'warning')}" if warned else ""
    _push(ended, SUMMARY, summarize(result) + warnings)
    label = (_label(result) + warnings)[:_MAX_LABEL]
    ended.context[LABEL] = label  # type: ignore[literal-required] # meant for such names


def _label(result: RunResult) -> str:
    known = result.extracted is not None or result.loaded is not None
    parts = [describe_counts(result.extracted, result.loaded)] if known else []
    records = "; ".join([*parts, *(command.describe() for command in result.dbt)])
    if result.outcome is Outcome.SUCCEEDED:
        return records
    category = (result.category or Category.UNKNOWN).value
    return f"{category}, {records}" if records else category


def _push(ended: Ended, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    # A task that was ended by somebody may push nothing any more; why it ended matters more.
    with suppress(Exception):
        ended.context["ti"].xcom_push(key=key, value=value)


def _as_dict(result: RunResult, verdict: Verdict | None) -> dict[str, Any]:
    data = result.as_dict()
    if len(json.dumps(data)) > _MAX_XCOM:
        for pipeline in data["pipelines"]:
            for stream in pipeline["streams"]:
                stream["columns"] = None
    return {**data, "checks": verdict.as_dict()} if verdict else data
