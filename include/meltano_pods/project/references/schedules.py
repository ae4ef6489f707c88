"""Checks that what schedules name exists: job, extractor, loader, transformer.

For legacy schedules with `transform: run` or `only`, Meltano's `elt` runs the transformer `dbt`:
its commands `clean`, `deps` and `run`, one after another (`cli/elt.py`, `core/elt_context.py` and
`core/runner/dbt.py` of Meltano 4.4.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, Location, ProjectError
from meltano_pods.names import listed, nearest
from meltano_pods.project.meltano_command import meltano_command
from meltano_pods.project.model import TRANSFORMER, Job, PluginType, Transform
from meltano_pods.project.references.commands import commands_of
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from meltano_pods.project.model import Plugin, Project, Schedule


_COMMANDS = ("clean", "deps", "run")
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


def transform_errors(project: Project, schedule: Schedule) -> Iterator[ProjectError]:
    """Yield why Meltano could not run a schedule's transformer."""
    if schedule.transform is Transform.SKIP:
        return
    plugin = _transformer(project)
    if plugin is None:
        yield ProjectError(
            f"the schedule {shown(schedule.name)} has `transform: {schedule.transform}`, for which "
            f"Meltano runs the transformer `{TRANSFORMER}`, and there is none under `transformers`",
            _place(schedule, "transform"),
            f"Instead, {_other_way(project, schedule)}",
        )
        return
    commands = commands_of(project, plugin)
    missing = [] if commands is None else [each for each in _COMMANDS if each not in commands]
    if missing:
        yield ProjectError(
            f"the schedule {shown(schedule.name)} has `transform: {schedule.transform}`, for which "
            f"Meltano runs `clean`, `deps` and `run` of the transformer `{TRANSFORMER}`, which has "
            f"not: {listed(missing)}",
            _place(schedule, "transform"),
            f"Add them under `commands` of the transformer; or {_other_way(project, schedule)}",
        )


def transform_warnings(project: Project) -> Iterator[ProjectError]:
    """Yield a warning for each schedule whose transformer Meltano runs only with the Hub's help.

    Before it runs one it looks the extractor up in a lock file without a variant, which `meltano
    lock` never writes.
    """
    for schedule in project.schedules.values():
        file = f"plugins/{PluginType.EXTRACTORS}/{schedule.extractor}.lock"
        if schedule.transform is not Transform.SKIP and not (project.path / file).is_file():
            yield ProjectError(
                f"for `transform: {schedule.transform}` Meltano asks Meltano Hub about "
                f"{shown(str(schedule.extractor))} at each run, as there is no `{file}`; without "
                "the network the run fails",
                _place(schedule, "transform"),
                f"Copy the extractor's lock file to `{file}`; or {_other_way(project, schedule)}",
            )


def _transformer(project: Project) -> Plugin | None:
    found = (each for each in project.plugins if each.type is PluginType.TRANSFORMERS)
    return next((each for each in found if each.name == TRANSFORMER), None)


def _other_way(project: Project, schedule: Schedule) -> str:
    """Return how a job takes the schedule's place, with its bookmark."""
    pair = f"{schedule.extractor} {schedule.loader}"
    kinds = (PluginType.TRANSFORMERS, PluginType.UTILITIES)
    names = [each.name for each in project.plugins if each.type in kinds and "dbt" in each.name]
    default = project.default_environment
    environment = default.name if default is not None and not default.unset else "ENVIRONMENT"
    job = f"{environment}:{schedule.extractor}-to-{schedule.loader}"
    copy = meltano_command(project.path, f"state copy {schedule.name} {job}")
    return (
        f"schedule a job, such as `tasks: [{pair}, '{names[0] if names else 'dbt'}:run']`. Its "
        f"state id is `{job}` instead of `{schedule.name}`: copy the bookmark before its first run "
        f"(`{copy}`), or all is loaded again."
    )
