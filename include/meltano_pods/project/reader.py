"""Reads one project: its files, their sections, and the references between them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Generic, TypeVar

from meltano_runner.contract.digest import compute_project_digest

from meltano_pods.errors import Errors, Location, ProjectLoadError, combine_errors
from meltano_pods.project.files import (
    INCLUDE_PATHS,
    MELTANO_FILE,
    get_include_patterns,
    get_location,
    read_project_files,
)
from meltano_pods.project.model import Environment, Job, Project, Schedule
from meltano_pods.project.references.blocks import join_tasks, map_block_names
from meltano_pods.project.references.commands import check_commands
from meltano_pods.project.references.schedules import check_schedule
from meltano_pods.project.sections.annotations import merge_annotations, read_annotations
from meltano_pods.project.sections.environments import read_environment
from meltano_pods.project.sections.jobs import read_job
from meltano_pods.project.sections.keys import (
    correct_misspelled_keys,
    find_misplaced_keys,
    is_plugin_type,
)
from meltano_pods.project.sections.meltano_settings import (
    find_ignored_settings,
    read_default_environment,
    read_env,
    read_state_backend,
)
from meltano_pods.project.sections.plugins import read_plugins
from meltano_pods.project.sections.schedules import read_schedule
from meltano_pods.project.yaml.nodes import Entries, Node, quote

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


_Entry = TypeVar("_Entry", Environment, Job, Schedule)


@dataclass(frozen=True, slots=True)
class _Section(Generic[_Entry]):
    """The entries of one section.

    Attributes:
        named: By name; of several with the same name the first, which Meltano uses.
        nameless: Entries without a name, or with that of an earlier one.
    """

    named: dict[str, _Entry]
    nameless: tuple[_Entry, ...]


def read_project(folder: Path, contents: Sequence[Entries] | None = None) -> Project:
    """Read the Meltano project in `folder`.

    Meltano itself is not needed, and neither plugin configuration nor secrets are read. Errors of
    an entry are kept with it, and do not affect the others.

    Args:
        folder: The project's folder; its name is the project's.
        contents: The entries of its files, if they are already read.

    Raises:
        ProjectError: A file is missing or cannot be read, or its jobs and schedules are not where
            Meltano reads them. The error includes all other errors of the project.
    """
    layout = Errors()
    warnings: list[ProjectError] = []
    contents = read_project_files(folder) if contents is None else contents
    files = [correct_misspelled_keys(file, _KEYS, layout, warnings) for file in contents]
    misplaced_keys = [error for file in files for error in find_misplaced_keys(file)]
    errors = Errors()
    where = get_location(folder, folder / MELTANO_FILE)
    env = read_env(files, errors)
    environments = _read_section(files, "environments", read_environment, errors)
    default: DefaultEnvironment | None = None
    state_backend: MeltanoSetting | None = None
    if not errors.found:
        with errors:
            default = read_default_environment(files, folder, os.environ, where, env)
    with errors:
        state_backend = read_state_backend(files)
    with Errors():  # `read_state_backend` reports what cannot be read
        warnings += find_ignored_settings(files)
    plugins = read_plugins([file["plugins"] for file in files if "plugins" in file])
    jobs = _read_section(files, "jobs", read_job, layout)
    schedules = _read_section(files, "schedules", read_schedule, layout)
    project = Project(
        name=folder.name,
        path=folder,
        where=where,
        digest=_compute_digest(folder, files[0]),
        default_environment=default,
        state_backend=state_backend,
        env=env,
        environments=environments.named,
        plugins=plugins.plugins,
        jobs=jobs.named,
        schedules=schedules.named,
        annotations=_merge_annotations(files, where, errors),
        named=map_block_names(plugins.plugins),
        nameless=(*schedules.nameless, *jobs.nameless),
        errors=tuple(errors.found),
        unused_errors=(
            *plugins.errors,
            *(error for each in environments.nameless for error in each.errors),
        ),
        warnings=(*warnings, *misplaced_keys),
    )
    complete = _check_references(project, plugins.unreadable)
    if layout.found or (misplaced_keys and _are_missing(misplaced_keys, complete)):
        misplaced = [*layout.found, *misplaced_keys]
        # Misplaced keys are missing elsewhere, which may cause further errors.
        unsure = misplaced_keys or any(isinstance(each, ProjectLoadError) for each in layout.found)
        others = _exclude_caused_by(misplaced, project) if unsure else complete.iter_errors()
        raise combine_errors([*misplaced, *others])
    return complete


def _are_missing(misplaced_keys: Iterable[ProjectError], project: Project) -> bool:
    """Whether keys at the top of a file are missing from the section they seem to belong to."""
    errors = list(project.iter_errors())
    incomplete = any(isinstance(each, ProjectLoadError) for each in errors)
    return any(incomplete or (errors and is_plugin_type(each)) for each in misplaced_keys)


def _exclude_caused_by(
    misplaced: Iterable[ProjectError], project: Project
) -> Iterable[ProjectError]:
    """Yield a project's errors except those of entries that seem to lack the misplaced keys."""
    entries = (*project.jobs.values(), *project.schedules.values(), *project.nameless)
    lines = [error.where.line for error in misplaced if isinstance(error.where, Location)]
    emptied = [
        max(
            (each.where for each in entries if (each.where.line or 0) < line),
            key=_get_line,
            default=None,
        )
        for line in lines
        if line is not None
    ]
    return (error for error in project.iter_errors() if error.where not in emptied)


def _get_line(where: Location) -> int:
    return where.line or 0


def _check_references(
    project: Project, unreadable: Mapping[PluginType, Sequence[ProjectError]]
) -> Project:
    """Return the project with the errors of the references between its entries."""
    known: dict[str, set[str] | None] = {}

    def check_job(job: Job) -> Job:
        job = join_tasks(job, project.named, project.jobs, unreadable)
        return check_commands(project, job, known)

    return replace(
        project,
        jobs={name: check_job(job) for name, job in project.jobs.items()},
        schedules={
            name: check_schedule(project, each, unreadable)
            for name, each in project.schedules.items()
        },
        nameless=tuple(
            check_job(each) if isinstance(each, Job) else check_schedule(project, each, unreadable)
            for each in project.nameless
        ),
    )


def _compute_digest(folder: Path, main: Entries) -> str:
    patterns = [node.as_string("a path or glob pattern") for node in get_include_patterns(main)]
    return compute_project_digest(folder, patterns)


def _read_section(
    files: list[Entries], section: str, read: Callable[[Node], _Entry], errors: Errors
) -> _Section[_Entry]:
    """Read one section's entries from all files."""
    named: dict[str, _Entry] = {}
    nameless: list[_Entry] = []
    singular = section.removesuffix("s")
    for file in files:
        nodes: list[Node] = []
        if section in file:
            with errors:
                nodes = file[section].as_list(
                    "a list whose entries start with `- name: ...`", ProjectLoadError
                )
        for node in nodes:
            entry: _Entry = read(node)
            if not entry.name:
                nameless.append(replace(entry, name=node.where.key))
            elif (first := named.get(entry.name)) is None:
                named[entry.name] = entry
            else:
                duplicate = node.build_error(
                    f"the {singular} {quote(entry.name)} is defined twice, first in {first.where}",
                    f"Rename or remove one of the two: {section} are distinguished by their names.",
                )
                nameless.append(replace(entry, errors=(*entry.errors, duplicate)))
    return _Section(named, tuple(nameless))


def _merge_annotations(files: list[Entries], where: Location, errors: Errors) -> Layer:
    """Return the annotations at the top of the files; later files override earlier ones."""
    layers = [read_annotations(file, "project", where, errors) for file in files]
    return reduce(
        merge_annotations, [each for each in layers if each.values or each.outside] or layers[:1]
    )
