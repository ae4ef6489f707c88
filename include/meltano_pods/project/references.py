"""Checks that what a project's parts name exists, so that no run finds out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.document import shown
from meltano_pods.project.model import PluginType

if TYPE_CHECKING:
    from meltano_pods.project.model import Project, Schedule, Task

# Meltano runs blocks of these; a mapper is named by its mappings.
_RUNNABLE = frozenset(PluginType) - {PluginType.FILES, PluginType.TRANSFORMS, PluginType.MAPPINGS}


def check_references(project: Project) -> None:
    """Refuse a block, job, extractor or loader that the project does not define.

    Raises:
        ProjectError: At the place of the reference, with the nearest name that exists.
    """
    for job in project.jobs.values():
        for task in job.tasks:
            _check_task(project, task)
    for schedule in project.schedules.values():
        _check_schedule(project, schedule)


def _check_task(project: Project, task: Task) -> None:
    known = _block_names(project)
    for block in task.blocks:
        name = block.partition(":")[0]
        if block in project.jobs:
            raise ProjectError(
                f"the task names the job {shown(block)}; Meltano does not run a job inside a job",
                task.where,
                "Name the plugins it runs instead"
                + (", and rename the job: a plugin has that name." if name in known else "."),
            )
        if name not in known:
            raise ProjectError(
                f"the block {shown(block)} names no plugin of this project; it has: "
                f"{listed(known)}",
                task.where,
                f"{suggestion(name, known)}Name one of these, or add the plugin under `plugins`.",
            )


def _block_names(project: Project) -> set[str]:
    names: set[str] = set()
    for plugin in project.plugins:
        if plugin.type in _RUNNABLE:
            names.update(plugin.mappings or (plugin.name,))
    return names


def _check_schedule(project: Project, schedule: Schedule) -> None:
    if schedule.job is not None:
        _named(schedule, "job", schedule.job, set(project.jobs))
        return
    for key, name, kind in (
        ("extractor", schedule.extractor, PluginType.EXTRACTORS),
        ("loader", schedule.loader, PluginType.LOADERS),
    ):
        _named(schedule, key, str(name), {p.name for p in project.plugins if p.type is kind})


def _named(schedule: Schedule, key: str, name: str, valid: set[str]) -> None:
    if name not in valid:
        where = Location(schedule.where.file, schedule.where.line, f"{schedule.where.key}.{key}")
        raise ProjectError(
            f"the {key} {shown(name)} of the schedule {shown(schedule.name)} is not defined; "
            f"defined are: {listed(valid)}",
            where,
            f"{suggestion(name, valid)}Name one of these, or add it to the project.",
        )
