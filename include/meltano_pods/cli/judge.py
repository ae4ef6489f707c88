"""What becomes of a result on the command line: logged and checked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from meltano_pods.diagnosis import Failure, failure_of
from meltano_pods.results import reporting_of
from meltano_pods.results.checks import evaluate
from meltano_pods.results.lines import tell

if TYPE_CHECKING:
    from meltano_runner.contract import RunResult

    from meltano_pods.cli.asked import Asked
    from meltano_pods.errors import RunError
    from meltano_pods.results.checks import Compared
    from meltano_pods.tasks.relay import Log

_UNTOLD = (
    "not checked: the columns of the last run are Airflow's to remember, and this run is not one "
    "of Airflow's (schema_change)"
)


def told(result: RunResult, log: Log) -> dict[str, Any]:
    """Tell what a run did, and return it as data."""
    tell(result, log)
    return result.as_dict()


def judged(asked: Asked, result: RunResult, log: Log) -> tuple[dict[str, Any], RunError | None]:
    """Check what a run did that did its work, tell it, and return it as data.

    With it comes the error of a check that failed. What was loaded stays loaded.
    """
    verdict = evaluate(reporting_of(asked.task, asked.folder.name), result, _no_columns)
    for each in verdict.warned:
        log.warning("Check warned: %s", each.message)
    result = verdict.applied(result)
    data = told(result, log)
    if verdict:
        data["checks"] = verdict.as_dict()
    if not verdict.failed:
        return data, None
    typed = shlex.join(["meltano-runner", *asked.spec.arguments])
    return data, failure_of(Failure(result), f"{asked.folder.name}: {typed}")


def _no_columns() -> Compared:
    return {}, [_UNTOLD]
