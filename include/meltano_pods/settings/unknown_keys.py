"""What to write instead of an unknown key: how Airflow, Meltano or Kubernetes name a setting."""

from __future__ import annotations

from meltano_pods.settings.podspec.fields import find_spec_field
from meltano_pods.settings.podspec.reserved import get_reserved_fix

_RESOURCES = "Write it as `resources: {requests: {cpu: 250m, memory: 1Gi}, limits: {memory: 1Gi}}`."
_INTERVAL = "A DAG runs at the `interval` of its schedule."
_NOTIFY = "Write it under `notify`, as `notify: {email: [team@example.com]}`."
_ONE_RUN = "Remove it: a DAG has one run at a time, because two would write the same state."


def _suggest(setting: str) -> str:
    return f"Use the setting `{setting}`."


_INSTEAD = {
    **dict.fromkeys(("cpu", "memory", "requests", "limits", "container_resources"), _RESOURCES),
    **dict.fromkeys(("cron", "interval", "schedule", "schedule_interval"), _INTERVAL),
    **dict.fromkeys(
        ("execution_timeout", "timeout", "dagrun_timeout", "active_deadline_seconds"),
        _suggest("run_timeout"),
    ),
    **dict.fromkeys(
        (
            "email", "email_on_failure", "email_on_retry", "slack", "webhook", "on_failure",
            "on_failure_callback", "on_success_callback", "on_retry_callback",
        ),
        _NOTIFY,
    ),
    **dict.fromkeys(("max_active_runs", "depends_on_past"), _ONE_RUN),
    **dict.fromkeys(("env_vars", "variables"), _suggest("env")),
    **dict.fromkeys(("startup_timeout", "startup_timeout_seconds"), _suggest("start_timeout")),
    **dict.fromkeys(
        ("grace_period", "termination_grace_period_seconds"), _suggest("termination_grace_period")
    ),
    **dict.fromkeys(("service_account_name", "serviceaccountname"), _suggest("service_account")),
    **dict.fromkeys(("retry", "max_retries", "attempts"), _suggest("retries")),
    "concurrency": _suggest("max_active_tasks"),
    "imagepullsecrets": _suggest("image_pull_secrets"),
    "retry_exponential_backoff": "Remove it: `retry_delay` doubles with each retry.",
    "labels": "Write it as `pod_override: {metadata: {labels: ...}}`.",
}  # fmt: skip


def explain_unknown_key(key: str) -> str | None:
    """Return what to write instead of `key`; None if that is unknown."""
    if (instead := _INSTEAD.get(key.lower().replace("-", "_"))) is not None:
        return instead
    if (field := find_spec_field(key)) is None:
        return None
    return get_reserved_fix(field) or f"Write it as `pod_override: {{spec: {{{field}: ...}}}}`."
