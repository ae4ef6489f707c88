"""Sets the delay before a retry if the category of the failure requires one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import RetryDecision, RetryPolicy
from meltano_runner.contract.categories import CATEGORIES

from meltano_pods.failures.failure import RunFailedError

if TYPE_CHECKING:
    from airflow.sdk import Context


class CategoryRetryPolicy(RetryPolicy):
    """Delays a retry that cannot help sooner: of a rate limit, or of Meltano's own lock.

    The delay of the settings counts where it is longer, and `retries` in any case.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # noqa: ARG002 - Airflow's signature
        context: Context | None = None,
    ) -> RetryDecision:
        """Return the delay before the next try."""
        if not isinstance(exception, RunFailedError):
            return RetryDecision.default()
        wait = timedelta(seconds=CATEGORIES[exception.category].retry_after)
        if not wait or (context is not None and _get_delay(context, try_number) >= wait):
            return RetryDecision.default()
        return RetryDecision.retry(wait, f"{exception.category.value}: a retry cannot help sooner")


def _get_delay(context: Context, try_number: int) -> timedelta:
    """Return the approximate delay that Airflow would use."""
    task = context["ti"].task
    factor = float(getattr(task, "retry_exponential_backoff", 0) or 1)
    delay: timedelta = task.retry_delay * factor ** (try_number - 1)
    longest = task.max_retry_delay
    if longest is None:
        return delay
    return min(delay, longest if isinstance(longest, timedelta) else timedelta(seconds=longest))
