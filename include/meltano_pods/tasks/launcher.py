"""Decides how a task runs: by its settings, else by the deployment's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.types.execution import Launcher
    from meltano_pods.tasks.deployment import Deployment


def launcher_of(task: TaskPlan, deployment: Deployment) -> Launcher:
    """Return what runs a task in a deployment.

    Args:
        task: The task's plan.
        deployment: Where.
    """
    return task.settings.launcher or deployment.settings.launcher
