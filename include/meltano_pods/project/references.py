"""Checks that what schedules name exists, so that no run finds out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.document import shown
from meltano_pods.project.model import PluginType
from meltano_pods.project.transforms import transform_errors

if TYPE_CHECKING:
    from meltano_pods.project.model import Project, Schedule


def check_schedules(project: Project) -> None:
    """Refuse a schedule of a job, extractor or loader that the project does not define.

    Raises:
        ProjectError: At the place of the reference, with the nearest name that exists.
    """
    for schedule in project.schedules.values():
        if schedule.job is not None:
            _named(schedule, "job", schedule.job, set(project.jobs))
            continue
        for key, name, kind in (
            ("extractor", str(schedule.extractor), PluginType.EXTRACTORS),
            ("loader", str(schedule.loader), PluginType.LOADERS),
        ):
            _named(schedule, key, name, {p.name for p in project.plugins if p.type is kind})
            if project.named[name].type is not kind:
                raise ProjectError(
                    f"the {key} {shown(name)} of the schedule {shown(schedule.name)} has the name "
                    f"of one of the {project.named[name].type}, which Meltano would run instead",
                    _place(schedule, key),
                    "Rename one of the two.",
                )
        for error in transform_errors(project, schedule):
            raise error


def _named(schedule: Schedule, key: str, name: str, valid: set[str]) -> None:
    if name not in valid:
        raise ProjectError(
            f"the {key} {shown(name)} of the schedule {shown(schedule.name)} is not defined; "
            f"defined are: {listed(valid)}",
            _place(schedule, key),
            f"{suggestion(name, valid)}Name one of these, or add it to the project.",
        )


def _place(schedule: Schedule, key: str) -> Location:
    return Location(schedule.where.file, schedule.where.line, f"{schedule.where.key}.{key}")
