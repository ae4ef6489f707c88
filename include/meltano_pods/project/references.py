"""Checks that what schedules name exists, so that no run finds out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, Location, ProjectError
from meltano_pods.names import listed, nearest
from meltano_pods.project.document import shown
from meltano_pods.project.model import Job, PluginType
from meltano_pods.project.transforms import transform_errors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from meltano_pods.project.model import Project, Schedule


_TYPES = {"extractor": PluginType.EXTRACTORS, "loader": PluginType.LOADERS}


def with_references(
    project: Project, schedule: Schedule, unreadable: Mapping[PluginType, Sequence[ProjectError]]
) -> Schedule:
    """Return the schedule with an error for each name that the project does not define.

    Args:
        project: The project.
        schedule: The schedule as it is written.
        unreadable: Why a plugin's name could not be read, by its type: it may be any unknown one.
    """
    found = Errors()
    errors = found.found
    if schedule.job is not None and schedule.job not in project.jobs:
        nameless = [
            error
            for each in project.nameless
            if isinstance(each, Job) and each.name == each.where.key
            for error in each.errors
        ]
        errors += _name_errors(schedule, "job", schedule.job, project.jobs, nameless)
    for key, name in (("extractor", schedule.extractor), ("loader", schedule.loader)):
        if name is not None:
            kind = _TYPES[key]
            valid = [plugin.name for plugin in project.plugins if plugin.type is kind]
            errors += _name_errors(schedule, key, name, valid, unreadable.get(kind, ()))
            if name in valid and (named := project.named[name].type) is not kind:
                errors.append(_ambiguous(schedule, key, name, named))
    if not errors and not schedule.errors:
        with found:
            errors += transform_errors(project, schedule)
    return schedule if not errors else replace(schedule, errors=(*schedule.errors, *errors))


def _name_errors(
    schedule: Schedule,
    key: str,
    name: str,
    valid: Collection[str],
    unreadable: Sequence[ProjectError],
) -> Sequence[ProjectError]:
    if name in valid:
        return ()
    near = nearest(name, valid)
    if near is None and unreadable:
        return unreadable
    return [
        ProjectError(
            f"the {key} {shown(name)} of the schedule {shown(schedule.name)} is not defined; "
            + (f"defined are: {listed(valid)}" if valid else f"the project has no {key}"),
            _place(schedule, key),
            (f"Did you mean `{near}`? " if near else "")
            + ("Name one of these, or add" if valid else "Add")
            + " it to the project.",
        )
    ]


def _ambiguous(schedule: Schedule, key: str, name: str, named: PluginType) -> ProjectError:
    return ProjectError(
        f"the {key} {shown(name)} of the schedule {shown(schedule.name)} has the name of one of "
        f"the {named}, which Meltano would run instead",
        _place(schedule, key),
        "Rename one of the two.",
    )


def _place(schedule: Schedule, key: str) -> Location:
    return Location(schedule.where.file, schedule.where.line, f"{schedule.where.key}.{key}")
