"""What distinguishes one DAG of a project from another: a schedule, or a job."""

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
class Command:
    """One invocation of the runner.

    Attributes:
        blocks: Plugins and commands.
        state_id: Of an extract-load schedule; None leaves it to Meltano.
        transform: What such a schedule does about its transformer: `skip`, `run` or `only`.
    """

    blocks: tuple[str, ...]
    state_id: str | None = None
    transform: Transform = Transform.SKIP


@dataclass(frozen=True, slots=True)
class Draft:
    """A DAG to be planned.

    Attributes:
        name: What its id is made of.
        own: Annotations of the job, then of the schedule.
        commands: A task each.
        where: Place of the schedule, else of the job.
        schedule: The schedule, where there is one.
        errors: What is wrong with the schedule and the job.
    """

    name: str
    own: tuple[Layer, ...]
    commands: tuple[Command, ...]
    where: Location
    schedule: Schedule | None = None
    errors: tuple[ProjectError, ...] = ()


def drafts(project: Project) -> list[Draft]:
    """Return a draft for every schedule, and for every job that no schedule names."""
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
    return [_of_schedule(project, each) for each in schedules] + [
        _of_job(project, each) for each in manual
    ]


def meltano_layers(draft: Draft) -> Iterator[Layer]:
    """Yield what Meltano's own keys of the schedule say of its DAG."""
    schedule = draft.schedule
    if schedule is not None and schedule.start_date is not None:
        key, where = "start_date", schedule.start_date_where
        yield Layer(MELTANO, where, {key: schedule.start_date}, {key: where})


def _of_schedule(project: Project, schedule: Schedule) -> Draft:
    name = f"{project.name}.{schedule.name}"
    job = None if schedule.job is None else project.jobs.get(schedule.job)
    own: tuple[Layer, ...] = (schedule.annotations,)
    if job is not None:
        own = (job.annotations, *own)
        errors = (*schedule.errors, *job.errors)
        return Draft(name, own, _commands(job), schedule.where, schedule, errors)
    if schedule.extractor is None or schedule.loader is None:
        return Draft(name, own, (), schedule.where, schedule, schedule.errors)
    # The state id that `meltano schedule run` uses, so that state carries over both ways.
    pair = Command((schedule.extractor, schedule.loader), schedule.name, schedule.transform)
    return Draft(name, own, (pair,), schedule.where, schedule, schedule.errors)


def _of_job(project: Project, job: Job) -> Draft:
    name = f"{project.name}.job.{job.name}"
    return Draft(name, (job.annotations,), _commands(job), job.where, errors=job.errors)


def _commands(job: Job) -> tuple[Command, ...]:
    return tuple(Command(task.blocks) for task in job.tasks)
