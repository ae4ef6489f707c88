"""What operators are made of, for tests to change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_pods.plan import TaskPlan
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.model import DEFAULTS
from meltano_pods.tasks.deployment import Deployment
from meltano_pods.tasks.request import Place

from tests.support.pods import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping


def place(folder: Path | str = "/projects/shop") -> Place:
    """Return the place of a project in a deployment that says nothing."""
    return Place(Path(folder), Deployment(DEFAULTS, TEMPLATES, None), "digest")


def planned(
    *blocks: str,
    environment: str | None = None,
    env: Mapping[str, str] | None = None,
    **settings: Any,
) -> TaskPlan:
    """Return the plan of blocks."""
    found = Settings.model_validate(settings)
    return TaskPlan("tap-a-to-target-b", ("run", *blocks), environment, env or {}, found)
