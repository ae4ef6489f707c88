"""Environment variables with which a launcher configures the runner.

They contain no secrets: a launcher passes secrets to the container like any other environment
variable, and lists those that their names do not reveal in `SECRET_NAMES`.
"""

from __future__ import annotations

RESULT_FILE = "MELTANO_RUNNER_RESULT_FILE"
"""Path of the complete result. Unset: `/dev/termination-log` if Kubernetes created it, shortened to
its limit; else no file."""

GRACE_SECONDS = "MELTANO_RUNNER_GRACE_SECONDS"
"""Seconds from SIGTERM to the launcher's SIGKILL (default 120, as the pod templates have it)."""

STALL_SECONDS = 3 * 3600
"""Seconds without activity after which a run is stopped by default."""

OUTPUT = "MELTANO_PODS_OUTPUT"
"""Folder for files that outlives a run, where a deployment has one, for a meltano.yml to refer to.

No plugin reads it by itself: their settings stay as they are written.
"""

SCRATCH = "MELTANO_RUNNER_SCRATCH"
"""Folder for a run's large temporary files, such as dbt's artifacts. Unset: the temporary one."""

LOG_FORMAT = "MELTANO_RUNNER_LOG_FORMAT"
"""`text` (default: one readable line per event) or `json` (Meltano's own events, unchanged)."""

SECRET_NAMES = "MELTANO_RUNNER_SECRET_NAMES"  # noqa: S105 - names, not secrets
"""Comma-separated names of further environment variables whose values must never be shown."""

NOT_SECRET = "MELTANO_RUNNER_NOT_SECRET"  # noqa: S105 - names, not secrets
"""Comma-separated names of environment variables that are exempt from the rule for secrets."""

PROJECT_DIGEST = "MELTANO_RUNNER_PROJECT_DIGEST"
"""Digest (`compute_project_digest`) of the project that the DAG was created from. The run fails if
the project here has another one. Unset: not compared."""


def parse_names(value: str | None) -> list[str]:
    """Return the names in a comma-separated list."""
    return [name for each in (value or "").split(",") if (name := each.strip())]


def join_names(*lists: str | None) -> str:
    """Return several comma-separated lists of names as one, each name once."""
    return ",".join(dict.fromkeys(name for each in lists for name in parse_names(each)))
