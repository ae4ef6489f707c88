"""The contract between Airflow and a run: the result, its categories and the environment variables.

The only part of the runner that the Airflow side imports. It needs only the standard library, so
that neither side needs the dependencies of the other.
"""

from meltano_runner.contract.categories import CATEGORIES, Category, CategoryInfo
from meltano_runner.contract.dbt import DbtNode, DbtResult
from meltano_runner.contract.digest import project_digest
from meltano_runner.contract.environment import (
    GRACE_SECONDS,
    LOG_FORMAT,
    NOT_SECRET,
    OUTPUT,
    PROJECT_DIGEST,
    RESULT_FILE,
    SCRATCH,
    SECRET_NAMES,
    join_names,
    listed_names,
)
from meltano_runner.contract.hint import hint_of
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
from meltano_runner.contract.run_record import (
    RECORD_VERSION,
    CheckFinding,
    CheckReport,
    Dataset,
    PodReport,
    RunRecord,
    TaskIdentity,
)
from meltano_runner.contract.secret_rule import (
    Secret,
    describe_secret,
    find_secrets,
    is_secret_name,
)

__all__ = [
    "CATEGORIES",
    "EXPLAINED_BY",
    "GRACE_SECONDS",
    "LOG_FORMAT",
    "MAX_BYTES",
    "NOT_SECRET",
    "OUTPUT",
    "PROJECT_DIGEST",
    "RECORD_VERSION",
    "RESULT_FILE",
    "RESULT_KEY",
    "SCHEMA_VERSION",
    "SCRATCH",
    "SECRET_NAMES",
    "Category",
    "CategoryInfo",
    "CheckFinding",
    "CheckReport",
    "Dataset",
    "DbtNode",
    "DbtResult",
    "Outcome",
    "PipelineResult",
    "PodReport",
    "ResultError",
    "RunRecord",
    "RunResult",
    "Secret",
    "StreamResult",
    "TaskIdentity",
    "decode",
    "describe_secret",
    "encode",
    "find_secrets",
    "hint_of",
    "is_secret_name",
    "join_names",
    "listed_names",
    "project_digest",
    "total_counts",
    "whole",
]
