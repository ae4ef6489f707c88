"""Decides how a task is executed: by its settings, else by the deployment's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.types.execution import ExecutionMode
    from meltano_pods.tasks.deployment import Deployment


def get_execution_mode(task: TaskPlan, deployment: Deployment) -> ExecutionMode:
    """Return how a task is executed in a deployment.

    Args:
        task: The task's plan.
        deployment: Where.
    """
    return task.settings.execution_mode or deployment.settings.execution_mode
