"""Creates a project's DAGs from its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable, get_parsing_context
from airflow.sdk.configuration import conf

from meltano_pods.dags.params import build_params
from meltano_pods.dags.tasks import make_task
from meltano_pods.notify import build_callbacks
from meltano_pods.tasks.deployment import read_deployment
from meltano_pods.tasks.folders import find_airflow_root
from meltano_pods.tasks.planned_task import DeployedProject
from meltano_pods.tasks.projects import find_project_folder, plan_project

if TYPE_CHECKING:
    from datetime import datetime

    from meltano_pods.notify.callbacks import Callbacks
    from meltano_pods.plan import BrokenDag, DagPlan, TaskPlan
    from meltano_pods.settings import Settings


def airflow_dags(dag_file: str) -> dict[str, DAG]:
    """Create the DAGs of the project that a DAG file is named after.

    They register themselves with the file, so the file need not keep what this returns. In a
    worker, only the DAG that it is about to run is created.

    Args:
        dag_file: `__file__` of the DAG file.

    Returns:
        The DAGs by id.

    Raises:
        DeploymentError: There is no such project, or the deployment's settings are wrong.
        ProjectError: The project cannot be read; file, line and key are named.
    """
    folder = find_project_folder(dag_file)
    plan = plan_project(folder)
    parsed_dag = get_parsing_context().dag_id
    # Read once: a project may have hundreds of tasks.
    project = DeployedProject(folder, read_deployment(find_airflow_root(dag_file)), plan.digest)
    dags = {
        each.dag_id: _build_dag(each, project, dag_file)
        for each in plan.dags
        if parsed_dag in (None, each.dag_id)
    }
    broken = {
        each.dag_id: _build_broken_dag(each, project, dag_file)
        for each in plan.broken
        if parsed_dag in (None, each.dag_id)
    }
    return {**dags, **broken}


def _build_dag(planned: DagPlan, project: DeployedProject, dag_file: str) -> DAG:
    settings = planned.settings
    callbacks = build_callbacks(
        planned.dag_id, settings.notify, project.deployment.settings.notify, planned.find_leaves()
    )
    params, choices = build_params(planned)
    dag = _build_empty_dag(
        planned,
        dag_file,
        catchup=settings.catchup,
        params=params,
        max_active_tasks=settings.max_active_tasks
        or conf.getint("core", "max_active_tasks_per_dag"),
        **callbacks.dag,
    )
    with dag:
        tasks = {
            each.task_id: make_task(
                each, project, choices, _build_further_arguments(planned, each, callbacks)
            )
            for each in planned.tasks
        }
        for each in planned.tasks:
            tasks[each.task_id].set_upstream([tasks[task_id] for task_id in each.upstream])
    return dag


def _build_broken_dag(broken: BrokenDag, project: DeployedProject, dag_file: str) -> DAG:
    from meltano_pods.dags.broken import TASK_ID, BrokenDagOperator  # noqa: PLC0415 - seldom needed

    callbacks = build_callbacks(
        broken.dag_id, broken.settings.notify, project.deployment.settings.notify, [TASK_ID]
    )
    # Catchup runs would only fail.
    dag = _build_empty_dag(broken, dag_file, catchup=False, **callbacks.dag)
    with dag:
        BrokenDagOperator(
            task_id=TASK_ID,
            project=project.name,
            errors=broken.errors,
            **callbacks.select_task(TASK_ID),
        )
    return dag


def _build_empty_dag(planned: DagPlan | BrokenDag, dag_file: str, **kwargs: Any) -> DAG:  # noqa: ANN401
    """Return a DAG without tasks, with the arguments that all DAGs have."""
    dag = DAG(
        planned.dag_id,
        schedule=_build_schedule(planned),
        start_date=_get_start_date(planned.settings),
        description=planned.description,
        doc_md=planned.doc,
        tags=list(planned.tags),
        # Two parallel runs would write the same state.
        max_active_runs=1,
        owner_links=_build_owner_links(planned.settings),
        **kwargs,
    )
    # Airflow uses the file that called DAG, which is this one; users look for theirs.
    dag.fileloc = dag_file
    return dag


def _build_further_arguments(dag: DagPlan, task: TaskPlan, callbacks: Callbacks) -> dict[str, Any]:
    """Return the arguments of a task that do not depend on its launcher."""
    description = task.settings.description
    is_own = description not in (None, dag.settings.description)
    doc = {"doc_md": description} if is_own else {}
    return {**callbacks.select_task(task.task_id), **doc}


def _build_schedule(planned: DagPlan | BrokenDag) -> CronDataIntervalTimetable | str | None:
    if planned.schedule is None or planned.schedule.startswith("@"):
        return planned.schedule
    # Airflow 3 reads a cron string as intervals without length.
    return CronDataIntervalTimetable(planned.schedule, timezone=planned.settings.timezone)


def _get_start_date(settings: Settings) -> datetime | None:
    start = settings.start_date
    if start is None or start.tzinfo is not None:
        return start
    return start.replace(tzinfo=pendulum.timezone(settings.timezone))


def _build_owner_links(settings: Settings) -> dict[str, str]:
    if settings.owner_link is None:
        return {}
    owner = settings.owner or conf.get("operators", "default_owner", fallback="airflow")
    return {owner: settings.owner_link}
