"""A task that the command line is to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.plan import TaskPlan
    from meltano_pods.pods.spec.build import RunSpec
    from meltano_pods.tasks.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Asked:
    """One task to run.

    Attributes:
        root: The Airflow project's folder.
        folder: The project's folder.
        digest: Of the project.
        dag_id: The task's DAG.
        task: Its plan.
        spec: What runs: its plan's, with what the command line says.
        deployment: Where.
    """

    root: Path
    folder: Path
    digest: str
    dag_id: str
    task: TaskPlan
    spec: RunSpec
    deployment: Deployment
