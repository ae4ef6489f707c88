"""Reads one project: its files, their sections, and the references between them."""

from __future__ import annotations

import os
from functools import reduce
from typing import TYPE_CHECKING, Protocol, TypeVar

from meltano_runner.contract import project_digest

from meltano_pods.project.annotations import over, read_annotations
from meltano_pods.project.blocks import named_in_blocks, with_whole_tasks
from meltano_pods.project.commands import check_commands
from meltano_pods.project.document import Entries, Node, shown
from meltano_pods.project.environments import read_environment
from meltano_pods.project.files import (
    INCLUDE_PATHS,
    MELTANO_FILE,
    include_patterns,
    location_of,
    project_files,
)
from meltano_pods.project.jobs import read_job
from meltano_pods.project.keys import refuse_strays, refuse_typos
from meltano_pods.project.meltano_settings import (
    read_default_environment,
    read_env,
    read_state_backend,
)
from meltano_pods.project.model import Project
from meltano_pods.project.plugins import read_plugins
from meltano_pods.project.references import check_schedules
from meltano_pods.project.schedules import read_schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meltano_pods.errors import Location
    from meltano_pods.project.model import Annotations

_KEYS = (
    "plugins",
    "jobs",
    "schedules",
    "environments",
    "default_environment",
    INCLUDE_PATHS,
    "annotations",
)


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def where(self) -> Location: ...


_T = TypeVar("_T", bound=_Named)


def read_project(folder: Path) -> Project:
    """Read the Meltano project in `folder`.

    Meltano itself is not needed, and neither plugin configuration nor secrets are read.

    Args:
        folder: The project's folder; its name is the project's.

    Raises:
        ProjectError: A file is missing or says something that cannot be run; the error names
            file, line and key, what is allowed, and how to mend it.
    """
    files = project_files(folder)
    for file in files:
        refuse_typos(file, _KEYS)
        refuse_strays(file)
    environments = _section(files, "environments", read_environment)
    plugins = read_plugins([file["plugins"] for file in files if "plugins" in file])
    named = named_in_blocks(plugins)
    jobs = _section(files, "jobs", read_job)
    where = location_of(folder, folder / MELTANO_FILE)
    project = Project(
        name=folder.name,
        path=folder,
        where=where,
        digest=_digest(folder, files[0]),
        default_environment=read_default_environment(files, folder, os.environ, where),
        state_backend=read_state_backend(files),
        env=read_env(files),
        environments=environments,
        plugins=plugins,
        jobs={name: with_whole_tasks(job, named, jobs) for name, job in jobs.items()},
        schedules=_section(files, "schedules", read_schedule),
        annotations=_annotations(files, where),
        named=named,
    )
    check_commands(project)
    check_schedules(project)
    return project


def _digest(folder: Path, main: Entries) -> str:
    patterns = [node.text("a path or glob pattern") for node in include_patterns(main)]
    return project_digest(folder, patterns)


def _section(files: list[Entries], section: str, read: Callable[[Node], _T]) -> dict[str, _T]:
    """Read one section's entries from all files; a name written twice is refused."""
    found: dict[str, _T] = {}
    singular = section.removesuffix("s")
    for file in files:
        if section not in file:
            continue
        for node in file[section].elements("a list, each entry begun by `- name: ...`"):
            entry = read(node)
            if entry.name in found:
                node.fail(
                    f"the {singular} {shown(entry.name)} is defined twice, first in "
                    f"{found[entry.name].where}",
                    f"Rename or remove one of the two: {section} are told apart by their names.",
                )
            found[entry.name] = entry
    return found


def _annotations(files: list[Entries], where: Location) -> Annotations:
    """Return the annotations of the project as a whole: like Meltano, those of a later file win."""
    said = [read_annotations(file, "project", where) for file in files]
    return reduce(over, [each for each in said if each.values or each.outside] or said[:1])
