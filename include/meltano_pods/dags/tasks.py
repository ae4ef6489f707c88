"""Makes Airflow tasks, by the execution mode that their settings choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.missing import missing_package
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.mapping import build_partial, merge_default_args
from meltano_pods.tasks.planned_task import COMMAND_ARGUMENTS, PlannedTask, plan_task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow.sdk import BaseOperator

    from meltano_pods.parameters.choices import RunChoices
    from meltano_pods.plan import TaskPlan
    from meltano_pods.pods import MeltanoPodOperator
    from meltano_pods.tasks.mapping import MeltanoPartial
    from meltano_pods.tasks.planned_task import DeployedProject, RunArgument


def make_task(
    planned: TaskPlan, project: DeployedProject, choices: RunChoices, arguments: Mapping[str, Any]
) -> BaseOperator:
    """Return a task of a project's own DAG.

    Args:
        planned: Its plan.
        project: Its project.
        choices: The parameters of a run of the DAG.
        arguments: Other arguments of Airflow's operator: callbacks, documentation.

    Raises:
        DeploymentError: The deployment lacks what pods need.
    """
    task = PlannedTask(project, planned)
    return _choose_operator(task)(
        task_id=planned.task_id,
        project=project.folder,
        run=task,
        choices=choices,
        # It also runs after a skipped task, but never after a failed one.
        trigger_rule="none_failed",
        **arguments,
    )


class MeltanoTask:
    """Creates a task for a custom DAG, as a pod or a process according to settings or deployment.

    Like an operator class, it is callable and has `partial`, with the arguments of
    `MeltanoPodOperator`.
    """

    def __call__(
        self,
        *,
        task_id: str,
        project: str | Path,
        run: RunArgument,
        **kwargs: Any,  # noqa: ANN401
    ) -> BaseOperator:
        """Return the task.

        Raises:
            DeploymentError: There is no such project, or the deployment's settings are wrong.
            ProjectError: The project or the task defines something that cannot run.
        """
        task = _plan_task(task_id, project, run, kwargs)
        further = {key: value for key, value in kwargs.items() if key not in COMMAND_ARGUMENTS}
        operator = _choose_operator(task)
        return operator(task_id=task_id, project=task.project.folder, run=task, **further)

    def partial(
        self,
        *,
        task_id: str,
        project: str | Path,
        run: RunArgument,
        **kwargs: Any,  # noqa: ANN401
    ) -> MeltanoPartial:
        """Return the task to map: `.expand(state_id_suffix=[...])` or `.expand_kwargs([...])`.

        Raises:
            DeploymentError: There is no such project, or the deployment's settings are wrong.
            ProjectError: The project or the task defines something that cannot run.
        """
        task = _plan_task(task_id, project, run, kwargs)
        arguments = {"task_id": task_id, "project": project, "run": run, **kwargs}
        operator = _choose_operator(task)
        return build_partial(operator, task, arguments, starts_pod=operator.starts_pod)


meltano_task = MeltanoTask()


def _plan_task(
    task_id: str, project: str | Path, run: RunArgument, kwargs: Mapping[str, Any]
) -> PlannedTask:
    merged = merge_default_args(kwargs)
    command = {key: merged[key] for key in COMMAND_ARGUMENTS if key in merged}
    return plan_task(project, run, task_id=task_id, dag=merged["dag"], **command)


def _choose_operator(task: PlannedTask) -> type[MeltanoPodOperator | MeltanoLocalOperator]:
    if task.project.deployment.get_execution_mode(task.plan) != KUBERNETES:
        return MeltanoLocalOperator
    try:
        # Imported here, because the Kubernetes client takes a second to import at every parse.
        from meltano_pods.pods.airflow.operator import MeltanoPodOperator  # noqa: PLC0415
    except ModuleNotFoundError as error:
        what = f"the task `{task.plan.task_id}` is a pod, and"
        if (missing := missing_package(error, what)) is None:
            raise
        raise missing from None
    return MeltanoPodOperator
