"""What a run's end means, in words and as exceptions for Airflow; for every execution mode."""

from meltano_pods.diagnosis.failure import NonRetryableRunError, RunFailedError, build_error
from meltano_pods.diagnosis.summary import headline, summarize

__all__ = [
    "NonRetryableRunError",
    "RunFailedError",
    "build_error",
    "headline",
    "summarize",
]
