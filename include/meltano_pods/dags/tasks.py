"""Makes Airflow tasks, by the execution mode that their settings choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions._internal.contextmanager import DagContext

from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.missing import missing_package
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.execution_mode import get_execution_mode
from meltano_pods.tasks.request import task_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow.sdk import BaseOperator

    from meltano_pods.parameters.choices import RunChoices
    from meltano_pods.plan import TaskPlan
    from meltano_pods.pods import MeltanoPodOperator
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.mapping import MeltanoPartial
    from meltano_pods.tasks.request import Place, RunSaid


def make_task(
    planned: TaskPlan, place: Place, choices: RunChoices, further: Mapping[str, Any]
) -> BaseOperator:
    """Return a task of a project's own DAG.

    Args:
        planned: Its plan.
        place: Where its project is.
        choices: What a person may choose for a run of the DAG.
        further: Further arguments of Airflow's operator: callbacks, documentation.

    Raises:
        DeploymentError: The deployment lacks what pods need.
    """
    operator = _operator(planned, place.deployment)
    return operator(
        task_id=planned.task_id,
        project=place,
        run=planned,
        choices=choices,
        # Also after a task that a run skips, but never after one that failed.
        trigger_rule="none_failed",
        **further,
    )


class MeltanoTask:
    """Creates a task for a custom DAG, as a pod or a process according to settings or deployment.

    It is called, and has `partial`, as an operator; both take what `MeltanoPodOperator` takes.
    """

    def __call__(
        self,
        *,
        task_id: str,
        project: str | Path,
        run: RunSaid,
        **kwargs: Any,  # noqa: ANN401
    ) -> BaseOperator:
        """Return the task.

        Raises:
            DeploymentError: There is no such project, or the deployment's settings are wrong.
            ProjectError: The project, or the task, says what cannot be run.
        """
        operator = self._operator(task_id, project, run, kwargs)
        return operator(task_id=task_id, project=project, run=run, **kwargs)

    def partial(
        self,
        *,
        task_id: str,
        project: str | Path,
        run: RunSaid,
        **kwargs: Any,  # noqa: ANN401
    ) -> MeltanoPartial:
        """Return the task to map: `.expand(state_id_suffix=[...])` or `.expand_kwargs([...])`.

        Raises:
            DeploymentError: There is no such project, or the deployment's settings are wrong.
            ProjectError: The project, or the task, says what cannot be run.
        """
        operator = self._operator(task_id, project, run, kwargs)
        return operator.partial(task_id=task_id, project=project, run=run, **kwargs)

    @staticmethod
    def _operator(
        task_id: str, project: str | Path, run: RunSaid, kwargs: Mapping[str, Any]
    ) -> type[MeltanoPodOperator | MeltanoLocalOperator]:
        dag = kwargs.get("dag") or DagContext.get_current()
        said = {key: kwargs.get(key) for key in ("environment", "settings")}
        task = task_of(project, run, task_id=task_id, dag=dag, **said)
        return _operator(task.plan, task.place.deployment)


meltano_task = MeltanoTask()


def _operator(
    planned: TaskPlan, deployment: Deployment
) -> type[MeltanoPodOperator | MeltanoLocalOperator]:
    if get_execution_mode(planned, deployment) != KUBERNETES:
        return MeltanoLocalOperator
    try:
        # Here and not above: Kubernetes' client takes a second to import, at every parse.
        from meltano_pods.pods.airflow.operator import MeltanoPodOperator  # noqa: PLC0415
    except ModuleNotFoundError as error:
        what = f"the task `{planned.task_id}` is a pod, and"
        if (missing := missing_package(error, what)) is None:
            raise
        raise missing from None
    return MeltanoPodOperator
