"""Finds Meltano projects, reads and plans them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.options import NearPath
from meltano_pods.cli.output import typed
from meltano_pods.cli.places import folders_here
from meltano_pods.errors import (
    DeploymentError,
    MeltanoPodsError,
    every,
    together,
)
from meltano_pods.names import listed, suggestion
from meltano_pods.project.files import MELTANO_FILE, find_misnamed_file, find_project_folders
from meltano_pods.tasks.folders import check_projects_folder, projects_source
from meltano_pods.tasks.planned import planned_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.folders import Folders
    from meltano_pods.tasks.planned import PlannedProject


def projects_option(command: Callable[..., int]) -> Callable[..., int]:
    """Add `--projects`, and an answer to whoever names a project by `--project`."""
    folder = click.option(
        "--projects",
        "projects",
        metavar="DIR",
        type=_ProjectsFolder(exists=True, file_okay=False, path_type=Path),
        help="The folder that holds the projects' folders.  [default: `meltano` of this folder or "
        "of one above, or Airflow's setting `[meltano_pods] projects_folder`]",
    )
    one = click.option(
        "--project",
        hidden=True,
        expose_value=False,
        callback=_reject_project,
        help="Says how to name a project instead.",
    )
    return folder(one(command))


class _ProjectsFolder(NearPath):
    """The folder of the projects, or an error that says how to name one of them."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path."""
        if ctx is not None and not Path(value).exists() and _is_project(str(value)):
            self.fail(f"{value} is a project, not the folder of all. {_named(ctx, value)}")
        return super().convert(value, param, ctx)


def _is_project(name: str) -> bool:
    with suppress(MeltanoPodsError):
        return (folders_here().projects / name / MELTANO_FILE).is_file()
    return False


def _reject_project(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        raise click.UsageError(f"There is no option --project. {_named(ctx, name)}", ctx)


def _named(ctx: click.Context, project: str) -> str:
    """Return how a command is told which project is meant."""
    if any(each.name == "dag_id" for each in ctx.command.params):
        return f"A DAG's name begins with its project; `{typed('plan', project)}` lists them."
    return f"Name the project as an argument: `{typed(str(ctx.info_name), project)}`."


@dataclass(frozen=True, slots=True)
class Projects:
    """The Meltano projects of an Airflow project.

    Attributes:
        places: The folders of the Airflow project.
        folders: Those of the projects, in the order of their names.
    """

    places: Folders
    folders: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """The folder that holds a folder for each."""
        return self.places.projects

    @property
    def root(self) -> Path:
        """The Airflow project's folder."""
        return self.places.root

    def only(self, names: Sequence[str]) -> Projects:
        """Return the projects of these names; all of them for no name.

        Raises:
            DeploymentError: There is none of such a name, or its file has another name.
        """
        known = [folder.name for folder in self.folders]
        for name in names:
            if name not in known:
                check_file_name(self.folder / name)
                raise DeploymentError(
                    f"there is no project `{name}`; there are: {listed(known)}",
                    str(self.folder),
                    f"{_meant(name, known)}Name one of these.",
                )
        if not names:
            return self
        kept = tuple(folder for folder in self.folders if folder.name in names)
        return Projects(self.places, kept)


def _meant(name: str, known: Sequence[str]) -> str:
    """Suggest the project whose folder, file or DAG was named."""
    part = next((each for each in re.split(r"[/\\.]", name) if each in known), name)
    return suggestion(part, known)


def find_projects(folder: Path | None) -> Projects:
    """Return the projects in a folder.

    Args:
        folder: Which; None for that of the Airflow project, as `places` finds it.

    Raises:
        DeploymentError: There are none.
    """
    places = folders_here(folder)
    found = places.projects
    check_projects_folder(found, "--projects" if folder else projects_source(places))
    folders = tuple(find_project_folders(found))
    if not folders and (wrong := misnamed_files(found)):
        raise together([misnamed_error(each) for each in wrong])
    if not folders:
        raise DeploymentError(
            f"there is no project: no folder in it has a {MELTANO_FILE}",
            str(found),
            f"Begin one with `{typed('new', 'NAME')}`, or name the folder that holds the projects "
            "with `--projects DIR`.",
        )
    return Projects(places, folders)


def misnamed_files(folder: Path) -> list[Path]:
    """Return the files that were meant to make projects of folders, but have another name."""
    names = {each: find_misnamed_file(each) for each in sorted(folder.glob("*/"))}
    return [each / name for each, name in names.items() if name is not None]


def check_file_name(folder: Path) -> None:
    """Check that a folder has no file that was meant to make it a project.

    Raises:
        DeploymentError: It has.
    """
    if (name := find_misnamed_file(folder)) is not None:
        raise misnamed_error(folder / name)


def misnamed_error(file: Path) -> DeploymentError:
    """Return what to say of such a file."""
    return DeploymentError(
        f"Meltano reads {MELTANO_FILE}, not {file.name}",
        str(file),
        f"Rename it to {MELTANO_FILE}.",
    )


def planned_all(folders: Iterable[Path]) -> tuple[list[ProjectPlan], list[MeltanoPodsError]]:
    """Return plans, and all errors of projects."""
    projects, errors = planned_projects(folders)
    return [each.plan for each in projects], errors


def planned_projects(
    folders: Iterable[Path],
) -> tuple[list[PlannedProject], list[MeltanoPodsError]]:
    """Return projects with their plans, and all errors of projects."""
    found: list[PlannedProject] = []
    errors: list[MeltanoPodsError] = []
    for folder in folders:
        try:
            found.append(planned_project(folder))
        except MeltanoPodsError as error:
            errors += every(error)
        else:
            errors += found[-1].plan.errors
    return found, errors
