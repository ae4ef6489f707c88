"""Where to say what people look for among the settings, and is none of them."""

from __future__ import annotations

from meltano_pods.settings.podspec.fields import spec_field

_RESOURCES = "Write it as `resources: {requests: {cpu: 250m, memory: 1Gi}, limits: {memory: 1Gi}}`."
_INTERVAL = "A DAG runs by the `interval` of its schedule."
_TIMEOUT = "Use the setting `run_timeout`."
_NOTIFY = "Write it under `notify`, as `notify: {email: [team@example.com]}`."
_INSTEAD = {
    **dict.fromkeys(("cpu", "memory", "requests", "limits"), _RESOURCES),
    **dict.fromkeys(("cron", "interval", "schedule", "schedule_interval"), _INTERVAL),
    **dict.fromkeys(("execution_timeout", "timeout", "dagrun_timeout"), _TIMEOUT),
    **dict.fromkeys(("email", "slack", "webhook", "on_failure"), _NOTIFY),
    "concurrency": "Use the setting `max_active_tasks`.",
    "max_active_runs": (
        "Remove it: a DAG has one run at a time, because two would write one state."
    ),
    "variables": "Use the setting `env`.",
}


def said_elsewhere(key: str) -> str | None:
    """Return how to say what `key` was meant to; None if that is not known."""
    if (instead := _INSTEAD.get(key.lower().replace("-", "_"))) is not None:
        return instead
    field = spec_field(key)
    return None if field is None else f"Write it as `pod_override: {{spec: {{{field}: ...}}}}`."
