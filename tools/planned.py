"""The projects of this repository, planned, and the pods that would run their tasks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.plan import plan
from meltano_pods.pods.build import RunSpec, build_pod
from meltano_pods.pods.naming import TaskRun
from meltano_pods.pods.options import pod_options
from meltano_pods.pods.template import read_template
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from meltano_pods.plan import DagPlan, ProjectPlan, TaskPlan
    from meltano_pods.tasks.deployment import Deployment

PLANNED_RUN = "planned"
"""Stands for the run and the try of a pod that is only planned."""


@dataclass(frozen=True, slots=True)
class PlannedPod:
    """The pod of one task.

    Attributes:
        project: Name of the project.
        dag: The task's DAG.
        task: The task.
        manifest: The pod.
    """

    project: str
    dag: DagPlan
    task: TaskPlan
    manifest: dict[str, Any]


def project_folders(root: Path) -> list[Path]:
    """Return the folders of the Meltano projects in an Airflow project's folder."""
    return sorted(file.parent for file in (root / "meltano").glob("*/meltano.yml"))


def planned(folder: Path) -> ProjectPlan:
    """Plan a project as Airflow would here.

    Raises:
        ProjectError: It cannot be run as it is.
    """
    return plan(read_project(folder), os.environ.get("MELTANO_ENVIRONMENT") or None)


def planned_pods(project: ProjectPlan, deployment: Deployment) -> Iterator[PlannedPod]:
    """Yield the pods of a project's tasks.

    Args:
        project: The project's plan.
        deployment: Where they would run.

    Raises:
        DeploymentError: A pod template is missing or cannot be used.
    """
    for dag in project.dags:
        for task in dag.tasks:
            if (task.settings.launcher or deployment.settings.launcher) == "kubernetes":
                manifest = _pod(project, dag, task, deployment)
                yield PlannedPod(project.project, dag, task, manifest)


def _pod(
    project: ProjectPlan, dag: DagPlan, task: TaskPlan, deployment: Deployment
) -> dict[str, Any]:
    options = pod_options(task.settings, deployment, project.project, project.digest)
    run = TaskRun(
        project=project.project,
        dag_id=dag.dag_id,
        task_id=task.task_id,
        run_id=PLANNED_RUN,
        map_index=-1,
        try_number=1,
        attempt=PLANNED_RUN,
        deployment=options.deployment,
    )
    spec = RunSpec(task.arguments, task.environment, task.env)
    return build_pod(read_template(options.template), options, spec, run)
