"""From a run's result to the exception that Airflow acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from meltano_runner.contract import CATEGORIES, Category

from meltano_pods.diagnosis.summary import summarize
from meltano_pods.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_runner.contract import RunResult


class RunFailedError(RunError, AirflowException):
    """A run failed or was stopped; Airflow tries again as often as `retries` says.

    Args:
        what: Category, what it means, the failed plugin and its own error.
        where: The command and its project.
        fix: The category's hint.
        category: Why it did not succeed.
    """

    def __init__(self, what: str, where: str, fix: str, category: Category) -> None:
        super().__init__(what, where, fix)
        self.args = (what, where, fix, category)
        self.category = category


class RunRefusedError(RunFailedError, AirflowFailException):
    """A run failed in a way that a retry cannot mend, so Airflow does not retry."""


def failure_of(
    result: RunResult, where: str, *, retries: str = "", details: Sequence[str] = ()
) -> RunFailedError:
    """Return the exception for a result that is not a success.

    Args:
        result: What the run did.
        where: The command and its project, for the message.
        retries: What is left of the task's retries, in words.
        details: Further lines, such as what Kubernetes says and how to look at the pod.
    """
    category = result.category or Category.UNKNOWN
    info = CATEGORIES[category]
    lines = [f"{category.value}: {info.summary}"]
    if result.failed_plugin is not None:
        lines.append(f"  plugin: {result.failed_plugin}")
    if result.error is not None:
        lines.append("  error: " + result.error.strip().replace("\n", "\n    "))
    if result.seconds or result.pipelines:  # else it never began
        lines.append(f"  run: {summarize(result)}; exit code {result.exit_code}")
    lines.append(
        f"  retry: {retries or 'as the setting `retries` says'}"
        if info.retry
        else "  retry: no, a retry without a change cannot mend this"
    )
    lines += [f"  {detail}" for detail in details]
    kind = RunFailedError if info.retry else RunRefusedError
    return kind("\n".join(lines), where, info.hint, category)
