"""A retry that cannot help sooner comes later; all others as the settings say."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from meltano_pods.failures import build_error
from meltano_pods.failures.retry_policy import CategoryRetryPolicy
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.records import make_record

MINUTE = timedelta(minutes=1)


def decide(category: Category, *, delay: timedelta, number: int = 1, **task: Any) -> Any:
    error = build_error(make_record(RunResult(Outcome.FAILED, 1, category)))
    named = {"retry_delay": delay, "retry_exponential_backoff": 2.0, "max_retry_delay": None}
    context: Any = {"ti": SimpleNamespace(task=SimpleNamespace(**(named | task)))}
    return CategoryRetryPolicy().evaluate(error, number, 3, context)


@pytest.mark.parametrize(
    ("category", "least"),
    [(Category.RATE_LIMITED, 15 * MINUTE), (Category.ALREADY_RUNNING, 5.5 * MINUTE)],
)
def test_a_retry_that_cannot_help_sooner_waits(category: Category, least: timedelta) -> None:
    decision = decide(category, delay=MINUTE)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, least)
    assert decision.reason == f"{category.value}: a retry cannot help sooner"


def test_a_longer_delay_of_the_settings_counts() -> None:
    assert decide(Category.RATE_LIMITED, delay=20 * MINUTE).action is RetryAction.DEFAULT
    # It doubles with each retry.
    assert decide(Category.RATE_LIMITED, delay=4 * MINUTE, number=3).action is RetryAction.DEFAULT
    capped = decide(Category.RATE_LIMITED, delay=4 * MINUTE, number=3, max_retry_delay=MINUTE)
    assert capped.retry_delay == 15 * MINUTE


def test_other_failures_are_retried_as_the_settings_say() -> None:
    assert decide(Category.TAP_FAILED, delay=MINUTE).action is RetryAction.DEFAULT
    assert CategoryRetryPolicy().evaluate(OSError(), 1, 3).action is RetryAction.DEFAULT
