"""What operators are made of, for tests to change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_pods.plan import TaskPlan
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.model import DEFAULTS
from meltano_pods.tasks.deployment import Deployment
from meltano_pods.tasks.planned_task import DeployedProject, PlannedTask

from tests.support.pods import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping


def planned(
    *blocks: str,
    folder: Path | str = "/projects/shop",
    environment: str | None = None,
    env: Mapping[str, str] | None = None,
    **settings: Any,
) -> PlannedTask:
    """Return a task that runs blocks, in a deployment with default settings."""
    found = Settings.model_validate(settings)
    project = DeployedProject(Path(folder), Deployment(DEFAULTS, TEMPLATES, None), "digest")
    plan = TaskPlan("tap-a-to-target-b", ("run", *blocks), environment, env or {}, found)
    return PlannedTask(project, plan)
