"""What Airflow and a run agree on: the result, its categories and the environment variables.

The only part of the runner that the Airflow side imports. Standard library only, so that neither
side pulls the other's dependencies in.
"""

from meltano_runner.contract.categories import CATEGORIES, Category, CategoryInfo
from meltano_runner.contract.dbt import DbtNode, DbtResult
from meltano_runner.contract.digest import project_digest
from meltano_runner.contract.environment import (
    GRACE_SECONDS,
    LOG_FORMAT,
    OUTPUT,
    PROJECT_DIGEST,
    RESULT_FILE,
    SCRATCH,
    SECRET_NAMES,
)
from meltano_runner.contract.message import (
    EXPLAINED_BY,
    MAX_BYTES,
    RESULT_KEY,
    decode,
    encode,
    whole,
)
from meltano_runner.contract.result import (
    SCHEMA_VERSION,
    Outcome,
    PipelineResult,
    ResultError,
    RunResult,
    StreamResult,
    total_counts,
)

__all__ = [
    "CATEGORIES",
    "EXPLAINED_BY",
    "GRACE_SECONDS",
    "LOG_FORMAT",
    "MAX_BYTES",
    "OUTPUT",
    "PROJECT_DIGEST",
    "RESULT_FILE",
    "RESULT_KEY",
    "SCHEMA_VERSION",
    "SCRATCH",
    "SECRET_NAMES",
    "Category",
    "CategoryInfo",
    "DbtNode",
    "DbtResult",
    "Outcome",
    "PipelineResult",
    "ResultError",
    "RunResult",
    "StreamResult",
    "decode",
    "encode",
    "project_digest",
    "total_counts",
    "whole",
]
