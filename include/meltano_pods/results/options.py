"""Options for the results of a task's runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.settings.types.assets import get_uri_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.plan import TaskPlan

LABEL = "run_label"
"""Variable of Airflow's context with a short summary of a run."""
LABEL_TEMPLATE = f"{{{{ {LABEL} | default('') }}}}"
"""The label in the list of task instances, which Airflow takes from the name of a mapped task
instance."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """Options for the results of a task's runs.

    Attributes:
        project: Name of the project.
        environment: Meltano environment in the plan; None for none.
        pipelines: Extractor and loader of each pipeline, in the order they run.
        utilities: Utilities whose commands it runs.
        reads: Pipelines of upstream tasks, for the lineage of its utilities.
        assets: Pattern of the URIs of streams' assets; None for no assets.
        checks: Bounds for the result, as parsed by settings.types.checks.
    """

    project: str
    environment: str | None
    pipelines: tuple[tuple[str, str], ...] = ()
    utilities: tuple[str, ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    assets: str | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)


def build_reporting(planned: TaskPlan, project: str) -> Reporting:
    """Return the options for the results of a task.

    Args:
        planned: Its plan.
        project: Name of the project.
    """
    settings = planned.settings
    return Reporting(
        project=project,
        environment=planned.environment,
        pipelines=planned.pipelines,
        utilities=planned.utilities,
        reads=planned.reads,
        assets=get_uri_pattern(settings.assets),
        checks=settings.checks,
    )
