"""Reads one project: its files, their sections, and the references between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from meltano_runner.contract import project_digest

from meltano_pods.names import listed, suggestion
from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.document import Entries, Node, shown
from meltano_pods.project.files import MELTANO_FILE, location_of, project_files
from meltano_pods.project.jobs import read_job
from meltano_pods.project.keys import refuse_typos
from meltano_pods.project.model import Environment, Project
from meltano_pods.project.plugins import read_plugins
from meltano_pods.project.references import check_references
from meltano_pods.project.schedules import read_schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meltano_pods.errors import Location


_KEYS = (
    "plugins", "jobs", "schedules", "environments", "default_environment", "include_paths",
    "annotations",
)  # fmt: skip


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
    environments = _section(files, "environments", _read_environment)
    plugins = read_plugins([file["plugins"] for file in files if "plugins" in file])
    jobs = _section(files, "jobs", read_job)
    schedules = _section(files, "schedules", read_schedule)
    where = location_of(folder, folder / MELTANO_FILE)
    project = Project(
        name=folder.name,
        path=folder,
        where=where,
        digest=_digest(folder, files[0]),
        default_environment=_default_environment(files[0], environments),
        environments=environments,
        plugins=plugins,
        jobs=jobs,
        schedules=schedules,
        annotations=read_annotations(files[0], "project", where),
    )
    check_references(project)
    return project


def _digest(folder: Path, main: Entries) -> str:
    included = main["include_paths"].elements("a list") if "include_paths" in main else []
    return project_digest(folder, [node.text("a path or glob pattern") for node in included])


def _section(files: list[Entries], section: str, read: Callable[[Node], _T]) -> dict[str, _T]:
    """Read one section's entries from all files; a name written twice is refused."""
    found: dict[str, _T] = {}
    singular = section.removesuffix("s")
    for file in files:
        if section not in file:
            continue
        for node in file[section].elements(f"a list: `{section}: [{{name: ...}}]`"):
            entry = read(node)
            if entry.name in found:
                node.fail(
                    f"the {singular} {shown(entry.name)} is defined twice, first in "
                    f"{found[entry.name].where}",
                    f"Rename or remove one of the two: {section} are told apart by their names.",
                )
            found[entry.name] = entry
    return found


def _read_environment(node: Node) -> Environment:
    entries = node.mapping("`- name: dev`")
    if "name" not in entries:
        node.fail("the environment has no `name`", "Add one: `- name: dev`.")
    name = entries["name"].text("`name: dev`")
    if ":" in name:
        entries["name"].fail(
            f"the environment's name {shown(name)} holds a colon, which state ids are split at",
            "Rename it without the colon.",
        )
    annotations = read_annotations(entries, "environment", node.where)
    suffix = entries.get("state_id_suffix")
    return Environment(
        name=name,
        where=node.where,
        annotations=annotations,
        state_id_suffix=(
            None if suffix is None or suffix.is_null else suffix.text("`state_id_suffix: blue`")
        ),
    )


def _default_environment(main: Entries, environments: dict[str, Environment]) -> str | None:
    node = main.get("default_environment")
    if node is None or node.is_null:
        return None
    name = node.text("`default_environment: dev`")
    if name not in environments:
        node.fail(
            f"the default environment {shown(name)} is not defined; defined are: "
            f"{listed(environments)}",
            f"{suggestion(name, environments)}Name one of `environments`, or add it there.",
        )
    return name
