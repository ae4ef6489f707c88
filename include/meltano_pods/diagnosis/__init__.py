"""What a run's end means, in words and as exceptions for Airflow; for every execution mode."""

from meltano_pods.diagnosis.failure import Failure, RunFailedError, RunRefusedError, failure_of
from meltano_pods.diagnosis.summary import headline, summarize

__all__ = [
    "Failure",
    "RunFailedError",
    "RunRefusedError",
    "failure_of",
    "headline",
    "summarize",
]
