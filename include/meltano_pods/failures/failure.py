"""From the record of a run to the exception that Airflow acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.hint import build_hint

from meltano_pods.errors import RunError
from meltano_pods.failures.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meltano_runner.contract.run_record import RunRecord


class RunFailedError(RunError, AirflowException):
    """A run failed or was stopped; Airflow retries up to `retries` times.

    Args:
        what: Category, what it means, the failed plugin and its own error.
        where: The command and its project.
        fix: The category's hint.
        record: Everything that is known about the run, for callbacks and retry policies.
    """

    def __init__(self, what: str, where: str, fix: str, record: RunRecord) -> None:
        super().__init__(what, where, fix)
        self.args = (what, where, fix, record)
        self.record = record

    @property
    def category(self) -> Category:
        """Why the run did not succeed."""
        return self.record.category or Category.UNKNOWN


class NonRetryableRunError(RunFailedError, AirflowFailException):
    """A run failed in a way that a retry cannot fix, so Airflow does not retry."""


def build_error(
    record: RunRecord, format_meltano: Callable[[str], str] | None = None
) -> RunFailedError:
    """Return the exception for a run that did not succeed.

    Args:
        record: Of the run.
        format_meltano: Formats a command of Meltano for the fix, as for `build_hint`.
    """
    info = CATEGORIES[record.category or Category.UNKNOWN]
    error_class = RunFailedError if info.retry else NonRetryableRunError
    what = "\n".join(_iter_lines(record))
    return error_class(
        what, _describe_place(record), build_hint(record.result, format_meltano), record
    )


def _describe_place(record: RunRecord) -> str:
    place = f"{record.task.project}: {record.task.command}"
    pod = None if record.pod is None else record.pod.name
    return place if pod is None else f"{place}; pod {pod}"


def _iter_lines(record: RunRecord) -> Iterator[str]:
    result, category, pod = record.result, record.category or Category.UNKNOWN, record.pod
    info = CATEGORIES[category]
    yield f"{category.value}: {info.summary}"
    if result.failed_plugin is not None:
        yield f"  plugin: {result.failed_plugin}"
    if result.error is not None:
        yield "  error: " + result.error.strip().replace("\n", "\n    ")
    if result.seconds or result.pipelines:  # else it never started
        yield f"  run: {summarize(result)}; exit code {result.exit_code}"
    if info.retry:
        yield f"  retry: {_describe_try(record)}"
    else:
        yield "  retry: no, a retry without a change cannot fix this"
    if pod is not None and pod.reason is not None:
        yield f"  kubernetes: {pod.reason}"
    for number, line in enumerate(() if pod is None else pod.commands):
        yield f"  {'look: ' if number == 0 else '      '}{line}"


def _describe_try(record: RunRecord) -> str:
    task = record.task
    if task.max_tries is None:
        return "as the setting `retries` says"
    return f"this was try {task.try_number} of {task.max_tries}"
