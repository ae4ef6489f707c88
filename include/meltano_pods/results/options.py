"""What is done with the results of a task's runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.settings.types.assets import get_uri_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.plan import TaskPlan

LABEL = "run_label"
"""Variable of Airflow's context that holds what a run did in a few words."""
LABEL_TEMPLATE = f"{{{{ {LABEL} | default('') }}}}"
"""What the list of task instances shows of a run: Airflow has one text for each that a task can
set, the name of a mapped one."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """What is done with the results of a task's runs.

    Attributes:
        project: Name of the project.
        environment: Meltano environment as planned; None for none.
        pipelines: Extractor and loader of each pipeline, in the order they run.
        utilities: Utilities whose commands it runs.
        reads: Pipelines of the tasks before it, for the lineage of its utilities.
        assets: Pattern of the URIs of streams' assets; None for no assets.
        checks: Bounds for the result, as settings.types.checks reads them.
    """

    project: str
    environment: str | None
    pipelines: tuple[tuple[str, str], ...] = ()
    utilities: tuple[str, ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    assets: str | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)


def reporting_of(planned: TaskPlan, project: str) -> Reporting:
    """Return what a task's settings say.

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
