"""From a run's result to the exception that Airflow acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from meltano_runner.contract import CATEGORIES, Category, RunResult, hint_of

from meltano_pods.diagnosis.summary import summarize
from meltano_pods.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that did not succeed, as values, from which the messages are created.

    Attributes:
        result: What the run did, or what is known without its report.
        tries: Which try this was, as text; empty if unknown.
        kubernetes: The reason that Kubernetes reported, verbatim; None without one.
        pod: Namespace and name of the pod as `namespace/name`; None for a run without one.
        look: Commands to inspect what is left of the run.
    """

    result: RunResult
    tries: str = ""
    kubernetes: str | None = None
    pod: str | None = None
    look: tuple[str, ...] = ()

    @property
    def category(self) -> Category:
        """Why the run did not succeed."""
        return self.result.category or Category.UNKNOWN


class RunFailedError(RunError, AirflowException):
    """A run failed or was stopped; Airflow retries it up to `retries` times.

    Args:
        what: Category, what it means, the failed plugin and its own error.
        where: The command and its project.
        fix: The category's hint.
        failure: The same as values, for callbacks and retry policies.
    """

    def __init__(self, what: str, where: str, fix: str, failure: Failure) -> None:
        super().__init__(what, where, fix)
        self.args = (what, where, fix, failure)
        self.failure = failure

    @property
    def category(self) -> Category:
        """Why the run did not succeed."""
        return self.failure.category


class RunRefusedError(RunFailedError, AirflowFailException):
    """A run failed in a way that a retry cannot fix, so Airflow does not retry."""


def failure_of(
    failure: Failure, where: str, typed: Callable[[str], str] | None = None
) -> RunFailedError:
    """Return the exception for a run that is not a success.

    Args:
        failure: How it ended.
        where: The command and its project, for the message.
        typed: How to type a command of Meltano there, as `hint_of` takes it.
    """
    info = CATEGORIES[failure.category]
    kind = RunFailedError if info.retry else RunRefusedError
    return kind("\n".join(_lines(failure)), where, hint_of(failure.result, typed), failure)


def _lines(failure: Failure) -> Iterator[str]:
    result, info = failure.result, CATEGORIES[failure.category]
    yield f"{failure.category.value}: {info.summary}"
    if result.failed_plugin is not None:
        yield f"  plugin: {result.failed_plugin}"
    if result.error is not None:
        yield "  error: " + result.error.strip().replace("\n", "\n    ")
    if result.seconds or result.pipelines:  # else it never began
        yield f"  run: {summarize(result)}; exit code {result.exit_code}"
    if info.retry:
        yield f"  retry: {failure.tries or 'as the setting `retries` says'}"
    else:
        yield "  retry: no, a retry without a change cannot fix this"
    if failure.kubernetes is not None:
        yield f"  kubernetes: {failure.kubernetes}"
    for number, line in enumerate(failure.look):
        yield f"  {'look: ' if number == 0 else '      '}{line}"
