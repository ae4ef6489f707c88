"""What distinguishes one DAG of a project from another: a schedule, or a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.plan.identifiers import project_part
from meltano_pods.project.transforms import SKIP

if TYPE_CHECKING:
    from meltano_pods.errors import Location
    from meltano_pods.project import Annotations, Job, Project, Schedule


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
    transform: str = SKIP


@dataclass(frozen=True, slots=True)
class Draft:
    """A DAG to be planned.

    Attributes:
        name: What its id is made of.
        own: Annotations of the job, then of the schedule.
        commands: A task each.
        where: Place of the schedule, else of the job.
        schedule: The schedule, where there is one.
    """

    name: str
    own: tuple[Annotations, ...]
    commands: tuple[Command, ...]
    where: Location
    schedule: Schedule | None = None


def drafts(project: Project) -> list[Draft]:
    """Return a draft for every schedule, and for every job that no schedule names."""
    schedules = project.schedules.values()
    scheduled = {schedule.job for schedule in schedules}
    by_hand = [job for job in project.jobs.values() if job.name not in scheduled]
    return [_of_schedule(project, each) for each in schedules] + [
        _of_job(project, each) for each in by_hand
    ]


def _of_schedule(project: Project, schedule: Schedule) -> Draft:
    name = f"{project_part(project.name)}.{schedule.name}"
    if schedule.job is not None:
        job = project.jobs[schedule.job]
        own = (job.annotations, schedule.annotations)
        return Draft(name, own, _commands(job), schedule.where, schedule)
    # The state id that `meltano schedule run` uses, so that state carries over both ways.
    blocks = (str(schedule.extractor), str(schedule.loader))
    pair = Command(blocks, schedule.name, schedule.transform)
    return Draft(name, (schedule.annotations,), (pair,), schedule.where, schedule)


def _of_job(project: Project, job: Job) -> Draft:
    name = f"{project_part(project.name)}.job.{job.name}"
    return Draft(name, (job.annotations,), _commands(job), job.where)


def _commands(job: Job) -> tuple[Command, ...]:
    return tuple(Command(task.blocks) for task in job.tasks)
