"""Checks that what schedules name exists: job, extractor, loader, transformer.

For legacy schedules with `transform: run` or `only`, Meltano's `elt` runs the transformer `dbt`:
its commands `clean`, `deps` and `run`, one after another (`cli/elt.py`, `core/elt_context.py` and
`core/runner/dbt.py` of Meltano 4.4.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, Location, ProjectError
from meltano_pods.names import find_nearest, list_names
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_pods.project.model import TRANSFORMER, Job, PluginType, Transform
from meltano_pods.project.references.commands import find_commands
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from meltano_pods.project.model import Plugin, Project, Schedule


_COMMANDS = ("clean", "deps", "run")
_TYPES = {"extractor": PluginType.EXTRACTORS, "loader": PluginType.LOADERS}


def check_schedule(
    project: Project, schedule: Schedule, unreadable: Mapping[PluginType, Sequence[ProjectError]]
) -> Schedule:
    """Return the schedule with an error for each name that the project does not define.

    Args:
        project: The project.
        schedule: The schedule as written.
        unreadable: Errors of plugins whose names could not be read, by type; an unknown name may be
            that of one of them.
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
        errors += _check_name(schedule, "job", schedule.job, project.jobs, nameless)
    for key, name in (("extractor", schedule.extractor), ("loader", schedule.loader)):
        if name is not None:
            kind = _TYPES[key]
            valid = [plugin.name for plugin in project.plugins if plugin.type is kind]
            errors += _check_name(schedule, key, name, valid, unreadable.get(kind, ()))
            if name in valid and (named := project.named[name].type) is not kind:
                errors.append(_build_ambiguous_error(schedule, key, name, named))
    if not errors and not schedule.errors:
        with found:
            errors += _find_transform_errors(project, schedule)
    return schedule if not errors else replace(schedule, errors=(*schedule.errors, *errors))


def _check_name(
    schedule: Schedule,
    key: str,
    name: str,
    valid: Collection[str],
    unreadable: Sequence[ProjectError],
) -> Sequence[ProjectError]:
    if name in valid:
        return ()
    near = find_nearest(name, valid)
    if near is None and unreadable:
        return unreadable
    return [
        ProjectError(
            f"unknown {key} {quote(name)} in the schedule {quote(schedule.name)}; "
            + (f"expected one of: {list_names(valid)}" if valid else f"the project has no {key}"),
            _get_location(schedule, key),
            (f"Did you mean `{near}`? " if near else "")
            + ("Name one of these, or add" if valid else "Add")
            + " it to the project.",
        )
    ]


def _build_ambiguous_error(
    schedule: Schedule, key: str, name: str, named: PluginType
) -> ProjectError:
    return ProjectError(
        f"the {key} {quote(name)} of the schedule {quote(schedule.name)} has the name of one of "
        f"the {named}, which Meltano would run instead",
        _get_location(schedule, key),
        "Rename one of the two.",
    )


def _get_location(schedule: Schedule, key: str) -> Location:
    return Location(schedule.where.file, schedule.where.line, f"{schedule.where.key}.{key}")


def _find_transform_errors(project: Project, schedule: Schedule) -> Iterator[ProjectError]:
    """Yield the errors because of which Meltano cannot run a schedule's transformer."""
    if schedule.transform is Transform.SKIP:
        return
    plugin = _find_transformer(project)
    if plugin is None:
        yield ProjectError(
            f"the schedule {quote(schedule.name)} has `transform: {schedule.transform}`, for which "
            f"Meltano runs the transformer `{TRANSFORMER}`, but `transformers` does not define it",
            _get_location(schedule, "transform"),
            f"Instead, {_suggest_job(project, schedule)}",
        )
        return
    commands = find_commands(project, plugin)
    missing = [] if commands is None else [each for each in _COMMANDS if each not in commands]
    if missing:
        yield ProjectError(
            f"the schedule {quote(schedule.name)} has `transform: {schedule.transform}`, for which "
            f"Meltano runs `clean`, `deps` and `run` of the transformer `{TRANSFORMER}`; "
            f"missing: {list_names(missing)}",
            _get_location(schedule, "transform"),
            f"Add them under `commands` of the transformer; or {_suggest_job(project, schedule)}",
        )


def find_transform_warnings(project: Project) -> Iterator[ProjectError]:
    """Yield a warning for each schedule whose transformer Meltano runs only with the Hub.

    Before running it, Meltano looks up the extractor in a lock file without a variant, which
    `meltano lock` never writes.
    """
    for schedule in project.schedules.values():
        file = f"plugins/{PluginType.EXTRACTORS}/{schedule.extractor}.lock"
        if schedule.transform is not Transform.SKIP and not (project.path / file).is_file():
            yield ProjectError(
                f"for `transform: {schedule.transform}` Meltano queries Meltano Hub about "
                f"{quote(str(schedule.extractor))} at each run, as there is no `{file}`; without "
                "the network the run fails",
                _get_location(schedule, "transform"),
                f"Copy the extractor's lock file to `{file}`; or {_suggest_job(project, schedule)}",
            )


def _find_transformer(project: Project) -> Plugin | None:
    found = (each for each in project.plugins if each.type is PluginType.TRANSFORMERS)
    return next((each for each in found if each.name == TRANSFORMER), None)


def _suggest_job(project: Project, schedule: Schedule) -> str:
    """Return how to replace the schedule by one of a job, with its bookmark."""
    pair = f"{schedule.extractor} {schedule.loader}"
    kinds = (PluginType.TRANSFORMERS, PluginType.UTILITIES)
    names = [each.name for each in project.plugins if each.type in kinds and "dbt" in each.name]
    default = project.default_environment
    environment = default.name if default is not None and not default.unset else "ENVIRONMENT"
    job = f"{environment}:{schedule.extractor}-to-{schedule.loader}"
    copy = build_meltano_command(project.path, f"state copy {schedule.name} {job}")
    return (
        f"schedule a job, such as `tasks: [{pair}, '{names[0] if names else 'dbt'}:run']`. Its "
        f"state id is `{job}` instead of `{schedule.name}`: copy the bookmark before its first run "
        f"(`{copy}`), or everything is loaded again."
    )
