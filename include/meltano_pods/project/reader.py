"""Reads one project: its files, their sections, and the references between them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Generic, TypeVar

from meltano_runner.contract.digest import project_digest

from meltano_pods.errors import Errors, Location, ProjectLoadError, together
from meltano_pods.project.files import (
    INCLUDE_PATHS,
    MELTANO_FILE,
    include_patterns,
    location_of,
    project_files,
)
from meltano_pods.project.model import Environment, Job, Project, Schedule
from meltano_pods.project.references.blocks import named_in_blocks, with_whole_tasks
from meltano_pods.project.references.commands import with_commands
from meltano_pods.project.references.schedules import with_references
from meltano_pods.project.sections.annotations import over, read_annotations
from meltano_pods.project.sections.environments import read_environment
from meltano_pods.project.sections.jobs import read_job
from meltano_pods.project.sections.keys import find_strays, is_part_of_plugins, read_misspelled
from meltano_pods.project.sections.meltano_settings import (
    find_ignored_settings,
    read_default_environment,
    read_env,
    read_state_backend,
)
from meltano_pods.project.sections.plugins import read_plugins
from meltano_pods.project.sections.schedules import read_schedule
from meltano_pods.project.yaml.nodes import Entries, Node, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from meltano_pods.errors import ProjectError
    from meltano_pods.project.model import (
        DefaultEnvironment,
        MeltanoSetting,
        PluginType,
    )
    from meltano_pods.settings.layers import Layer

_KEYS = (
    "plugins",
    "jobs",
    "schedules",
    "environments",
    "default_environment",
    INCLUDE_PATHS,
    "annotations",
    "project_id",  # not read here, but `meltano init` writes it into every file
)


_E = TypeVar("_E", Environment, Job, Schedule)


@dataclass(frozen=True, slots=True)
class _Section(Generic[_E]):
    """The entries of one section.

    Attributes:
        named: By name; of several of one name the first, as Meltano takes it.
        nameless: Without a name, or of a name that an earlier one has.
    """

    named: dict[str, _E]
    nameless: tuple[_E, ...]


def read_project(folder: Path, contents: Sequence[Entries] | None = None) -> Project:
    """Read the Meltano project in `folder`.

    Meltano itself is not needed, and neither plugin configuration nor secrets are read. What is
    wrong with one entry is kept with it, and the others are read all the same.

    Args:
        folder: The project's folder; its name is the project's.
        contents: The entries of its files, where they are read already.

    Raises:
        ProjectError: A file is missing or cannot be read, or its jobs and schedules are not where
            Meltano reads them; the error names file, line and key, what is allowed, and how to
            fix it, and shows everything else that is wrong as well.
    """
    layout = Errors()
    warnings: list[ProjectError] = []
    contents = project_files(folder) if contents is None else contents
    files = [read_misspelled(file, _KEYS, layout, warnings) for file in contents]
    strays = [error for file in files for error in find_strays(file)]
    errors = Errors()
    where = location_of(folder, folder / MELTANO_FILE)
    env = read_env(files, errors)
    environments = _section(files, "environments", read_environment, errors)
    default: DefaultEnvironment | None = None
    state_backend: MeltanoSetting | None = None
    if not errors.found:
        with errors:
            default = read_default_environment(files, folder, os.environ, where, env)
    with errors:
        state_backend = read_state_backend(files)
    with Errors():  # whoever reads it says what cannot be read
        warnings += find_ignored_settings(files)
    plugins = read_plugins([file["plugins"] for file in files if "plugins" in file])
    jobs = _section(files, "jobs", read_job, layout)
    schedules = _section(files, "schedules", read_schedule, layout)
    project = Project(
        name=folder.name,
        path=folder,
        where=where,
        digest=_digest(folder, files[0]),
        default_environment=default,
        state_backend=state_backend,
        env=env,
        environments=environments.named,
        plugins=plugins.plugins,
        jobs=jobs.named,
        schedules=schedules.named,
        annotations=_annotations(files, where, errors),
        named=named_in_blocks(plugins.plugins),
        nameless=(*schedules.nameless, *jobs.nameless),
        errors=tuple(errors.found),
        unused_errors=(
            *plugins.errors,
            *(error for each in environments.nameless for error in each.errors),
        ),
        warnings=(*warnings, *strays),
    )
    complete = _with_references(project, plugins.unreadable)
    if layout.found or (strays and _are_missing(strays, complete)):
        misplaced = [*layout.found, *strays]
        # What stands at the top is missing elsewhere, and more seems wrong than is.
        unsure = strays or any(isinstance(each, ProjectLoadError) for each in layout.found)
        others = _apart_from(misplaced, project) if unsure else complete.every_error()
        raise together([*misplaced, *others])
    return complete


def _are_missing(strays: Iterable[ProjectError], project: Project) -> bool:
    """Whether what stands at the top of a file is missing from where it seems to belong."""
    errors = list(project.every_error())
    incomplete = any(isinstance(each, ProjectLoadError) for each in errors)
    return any(incomplete or (errors and is_part_of_plugins(each)) for each in strays)


def _apart_from(layout: Iterable[ProjectError], project: Project) -> Iterable[ProjectError]:
    """Yield a project's own errors but for what misplaced keys seem to be missing from."""
    entries = (*project.jobs.values(), *project.schedules.values(), *project.nameless)
    lines = [error.where.line for error in layout if isinstance(error.where, Location)]
    emptied = [
        max(
            (each.where for each in entries if (each.where.line or 0) < line),
            key=_line,
            default=None,
        )
        for line in lines
        if line is not None
    ]
    return (error for error in project.every_error() if error.where not in emptied)


def _line(where: Location) -> int:
    return where.line or 0


def _with_references(
    project: Project, unreadable: Mapping[PluginType, Sequence[ProjectError]]
) -> Project:
    """Return the project with what is wrong between its entries."""
    known: dict[str, set[str] | None] = {}

    def check_job(job: Job) -> Job:
        job = with_whole_tasks(job, project.named, project.jobs, unreadable)
        return with_commands(project, job, known)

    def check_schedule(schedule: Schedule) -> Schedule:
        return with_references(project, schedule, unreadable)

    return replace(
        project,
        jobs={name: check_job(job) for name, job in project.jobs.items()},
        schedules={name: check_schedule(each) for name, each in project.schedules.items()},
        nameless=tuple(
            check_job(each) if isinstance(each, Job) else check_schedule(each)
            for each in project.nameless
        ),
    )


def _digest(folder: Path, main: Entries) -> str:
    patterns = [node.text("a path or glob pattern") for node in include_patterns(main)]
    return project_digest(folder, patterns)


def _section(
    files: list[Entries], section: str, read: Callable[[Node], _E], errors: Errors
) -> _Section[_E]:
    """Read one section's entries from all files."""
    named: dict[str, _E] = {}
    nameless: list[_E] = []
    singular = section.removesuffix("s")
    for file in files:
        nodes: list[Node] = []
        if section in file:
            with errors:
                nodes = file[section].elements(
                    "a list, each entry begun by `- name: ...`", ProjectLoadError
                )
        for node in nodes:
            entry: _E = read(node)
            if not entry.name:
                nameless.append(replace(entry, name=node.where.key))
            elif (first := named.get(entry.name)) is None:
                named[entry.name] = entry
            else:
                twice = node.error(
                    f"the {singular} {shown(entry.name)} is defined twice, first in {first.where}",
                    f"Rename or remove one of the two: {section} are distinguished by their names.",
                )
                nameless.append(replace(entry, errors=(*entry.errors, twice)))
    return _Section(named, tuple(nameless))


def _annotations(files: list[Entries], where: Location, errors: Errors) -> Layer:
    """Return the annotations of the project as a whole: like Meltano, those of a later file win."""
    layers = [read_annotations(file, "project", where, errors) for file in files]
    return reduce(over, [each for each in layers if each.values or each.outside] or layers[:1])
