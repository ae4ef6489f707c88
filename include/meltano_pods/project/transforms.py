"""Legacy schedules with `transform: run` or `only`: Meltano's `elt` runs its transformer `dbt`.

As Meltano 4.4.1 has it (`cli/elt.py`, `core/elt_context.py`, `core/runner/dbt.py`): the transformer
is called `dbt`, and its commands `clean`, `deps` and `run` run one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.names import listed
from meltano_pods.project.commands import commands_of
from meltano_pods.project.document import shown
from meltano_pods.project.meltano_command import meltano_command
from meltano_pods.project.model import PluginType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.project.model import Plugin, Project, Schedule

TRANSFORMER = "dbt"
SKIP, RUN, ONLY = "skip", "run", "only"
TRANSFORMS = (SKIP, RUN, ONLY)
"""What `transform` of a schedule may be."""

_COMMANDS = ("clean", "deps", "run")


def transform_errors(project: Project, schedule: Schedule) -> Iterator[ProjectError]:
    """Yield why Meltano could not run a schedule's transformer."""
    if schedule.transform == SKIP:
        return
    plugin = _transformer(project)
    if plugin is None:
        yield ProjectError(
            f"the schedule {shown(schedule.name)} has `transform: {schedule.transform}`, for which "
            f"Meltano runs the transformer `{TRANSFORMER}`, and there is none under `transformers`",
            _place(schedule),
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
            _place(schedule),
            f"Add them under `commands` of the transformer; or {_other_way(project, schedule)}",
        )


def transform_warnings(project: Project) -> Iterator[ProjectError]:
    """Yield a warning for each schedule whose transformer Meltano runs only with the Hub's help.

    Before it runs one it looks the extractor up in a lock file without a variant, which `meltano
    lock` never writes.
    """
    for schedule in project.schedules.values():
        file = f"plugins/{PluginType.EXTRACTORS}/{schedule.extractor}.lock"
        if schedule.transform != SKIP and not (project.path / file).is_file():
            yield ProjectError(
                f"for `transform: {schedule.transform}` Meltano asks Meltano Hub about "
                f"{shown(str(schedule.extractor))} at each run, as there is no `{file}`; without "
                "the network the run fails",
                _place(schedule),
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


def _place(schedule: Schedule) -> Location:
    return Location(schedule.where.file, schedule.where.line, f"{schedule.where.key}.transform")
