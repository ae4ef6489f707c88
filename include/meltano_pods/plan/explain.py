"""Every setting of a task: its value, the level that set it, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.settings.deployment.defaults import (
    SHARED_SETTINGS,
    apply_defaults,
    is_left_to_deployment,
    trace_default,
)
from meltano_pods.settings.merge import Provenance, trace_provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meltano_pods.plan.model import TaskPlan
    from meltano_pods.settings.deployment.model import DeploymentSettings

DEFAULT = "default"
_NOTIFY = "notify"


class ExplainedSetting(NamedTuple):
    """One setting.

    Attributes:
        key: Its name; for maps also the key in it, dotted.
        value: JSON-compatible.
        level: What set it: a level, `deployment` or `default`; several separated by commas.
        where: File and line of each; the variable or profile of a deployment; empty for a default.
    """

    key: str
    value: Any
    level: str
    where: str


def explain_settings(task: TaskPlan, deployment: DeploymentSettings) -> list[ExplainedSetting]:
    """Return every setting of a task, in the order of the reference page.

    Args:
        task: The task.
        deployment: The deployment where it would run.
    """
    settings = apply_defaults(task.settings, deployment)
    values = {**settings.model_dump(mode="json"), "environment": task.environment}
    by_setting: dict[str, dict[tuple[str, ...], Provenance]] = {}
    for path, provenance in trace_provenance(task.layers).items():
        by_setting.setdefault(path[0], {})[path] = provenance
    found: list[ExplainedSetting] = []
    for key, value in values.items():
        if key in SHARED_SETTINGS and is_left_to_deployment(task.settings, key):
            found.append(ExplainedSetting(key, value, *trace_default(deployment, key)))
        elif key in by_setting:
            found += _explain_project_values(by_setting[key], values)
        elif key == _NOTIFY and deployment.notify != {}:
            # Merged when Airflow loads the DAG, key by key: the project's keys take precedence.
            notify = "off" if deployment.notify is None else dict(deployment.notify)
            found.append(ExplainedSetting(key, notify, *trace_default(deployment, key)))
        else:
            found.append(ExplainedSetting(key, value, DEFAULT, ""))
    return found


def _explain_project_values(
    provenances: Mapping[tuple[str, ...], Provenance], values: Mapping[str, Any]
) -> Iterator[ExplainedSetting]:
    for path, each in provenances.items():
        yield ExplainedSetting(
            ".".join(path),
            each.value if len(each.origins) == 1 else _get_merged_value(path, values),
            ", ".join(origin.level for origin in each.origins),
            ", ".join(f"{origin.where.file}:{origin.where.line}" for origin in each.origins),
        )


def _get_merged_value(path: tuple[str, ...], values: Mapping[str, Any]) -> object:
    """Return the merged value of several levels."""
    value: Any = values
    for key in path:
        value = value[key]
    return value
