"""Explains the result of a run, as a summary and as exceptions for Airflow."""

from meltano_pods.failures.failure import NonRetryableRunError, RunFailedError, build_error
from meltano_pods.failures.summary import summarize, summarize_briefly

__all__ = [
    "NonRetryableRunError",
    "RunFailedError",
    "build_error",
    "summarize",
    "summarize_briefly",
]
