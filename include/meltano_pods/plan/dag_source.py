"""The DAGs of a project: one for each schedule, and for each job without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.project import Job, Schedule
from meltano_pods.project.model import Transform
from meltano_pods.settings.layers import MELTANO, Layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.errors import Location, ProjectError
    from meltano_pods.project import Project


@dataclass(frozen=True, slots=True)
class TaskSource:
    """A task to be planned: one invocation of the runner.

    Attributes:
        blocks: Plugins and commands.
        state_id: State id of a schedule of extractor and loader; None leaves it to Meltano.
        transform: What such a schedule does about its transformer.
    """

    blocks: tuple[str, ...]
    state_id: str | None = None
    transform: Transform = Transform.SKIP


@dataclass(frozen=True, slots=True)
class DagSource:
    """A DAG to be planned.

    Attributes:
        name: The name from which its id is built.
        annotations: Those of the job, then of the schedule.
        tasks: Its tasks, in the order of the job.
        where: Place of the schedule, or of a job without one.
        schedule: The schedule, if there is one.
        errors: Errors of the schedule and the job.
    """

    name: str
    annotations: tuple[Layer, ...]
    tasks: tuple[TaskSource, ...]
    where: Location
    schedule: Schedule | None = None
    errors: tuple[ProjectError, ...] = ()


def find_dag_sources(project: Project) -> list[DagSource]:
    """Return the DAGs: one for every schedule, and for every job that no schedule names."""
    nameless = project.nameless
    schedules = [
        *project.schedules.values(),
        *(each for each in nameless if isinstance(each, Schedule)),
    ]
    scheduled = {schedule.job for schedule in schedules}
    manual = [
        *(job for job in project.jobs.values() if job.name not in scheduled),
        *(each for each in nameless if isinstance(each, Job)),
    ]
    return [_build_from_schedule(project, each) for each in schedules] + [
        _build_from_job(project, each) for each in manual
    ]


def build_meltano_layers(source: DagSource) -> Iterator[Layer]:
    """Yield the settings that Meltano's own keys of the schedule imply."""
    schedule = source.schedule
    if schedule is not None and schedule.start_date is not None:
        key, where = "start_date", schedule.start_date_where
        yield Layer(MELTANO, where, {key: schedule.start_date}, {key: where})


def _build_from_schedule(project: Project, schedule: Schedule) -> DagSource:
    name = f"{project.name}.{schedule.name}"
    job = None if schedule.job is None else project.jobs.get(schedule.job)
    annotations: tuple[Layer, ...] = (schedule.annotations,)
    if job is not None:
        annotations = (job.annotations, *annotations)
        errors = (*schedule.errors, *job.errors)
        return DagSource(name, annotations, _list_tasks(job), schedule.where, schedule, errors)
    if schedule.extractor is None or schedule.loader is None:
        return DagSource(name, annotations, (), schedule.where, schedule, schedule.errors)
    # The state id that `meltano schedule run` uses, so that state carries over both ways.
    pair = TaskSource((schedule.extractor, schedule.loader), schedule.name, schedule.transform)
    return DagSource(name, annotations, (pair,), schedule.where, schedule, schedule.errors)


def _build_from_job(project: Project, job: Job) -> DagSource:
    name = f"{project.name}.job.{job.name}"
    return DagSource(name, (job.annotations,), _list_tasks(job), job.where, errors=job.errors)


def _list_tasks(job: Job) -> tuple[TaskSource, ...]:
    return tuple(TaskSource(task.blocks) for task in job.tasks)
