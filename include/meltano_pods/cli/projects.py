"""Finds Meltano projects, reads and plans them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.airflow_project import find_folders
from meltano_pods.cli.options import SuggestingPath
from meltano_pods.cli.output import format_cli_command
from meltano_pods.errors import (
    DeploymentError,
    MeltanoPodsError,
    combine_errors,
    split_errors,
)
from meltano_pods.names import list_names, suggest
from meltano_pods.project.files import MELTANO_FILE, find_misnamed_file, find_project_folders
from meltano_pods.tasks.folders import check_projects_folder, describe_projects_source
from meltano_pods.tasks.projects import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.folders import Folders
    from meltano_pods.tasks.projects import PlannedProject


def projects_option(command: Callable[..., int]) -> Callable[..., int]:
    """Add `--projects`, and an error for `--project` that explains how to name a project."""
    folder = click.option(
        "--projects",
        "projects",
        metavar="DIR",
        type=_ProjectsFolder(exists=True, file_okay=False, path_type=Path),
        help="The folder that contains the projects' folders.  [default: `meltano` in this folder "
        "or one above, or Airflow's setting `[meltano_pods] projects_folder`]",
    )
    one = click.option(
        "--project",
        hidden=True,
        expose_value=False,
        callback=_reject_project,
        help="Explains how to name a project.",
    )
    return folder(one(command))


class _ProjectsFolder(SuggestingPath):
    """The folder of the projects; for a project's name, an error explains how to name it."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path."""
        if ctx is not None and not Path(value).exists() and _is_project(str(value)):
            self.fail(
                f"{value} is a project, not the folder of all projects. "
                + _explain_argument(ctx, value)
            )
        return super().convert(value, param, ctx)


def _is_project(name: str) -> bool:
    with suppress(MeltanoPodsError):
        return (find_folders().projects / name / MELTANO_FILE).is_file()
    return False


def _reject_project(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        raise click.UsageError(f"There is no option --project. {_explain_argument(ctx, name)}", ctx)


def _explain_argument(ctx: click.Context, project: str) -> str:
    """Return how to name a project for a command."""
    if any(each.name == "dag_id" for each in ctx.command.params):
        return f"Name a DAG of it; `{format_cli_command('plan', project)}` lists them."
    return f"Name the project as an argument: `{format_cli_command(str(ctx.info_name), project)}`."


@dataclass(frozen=True, slots=True)
class Projects:
    """The Meltano projects of an Airflow project.

    Attributes:
        airflow: The folders of the Airflow project.
        folders: The projects' folders, sorted by name.
    """

    airflow: Folders
    folders: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """The folder that contains the projects' folders."""
        return self.airflow.projects

    @property
    def root(self) -> Path:
        """The Airflow project's folder."""
        return self.airflow.root

    def only(self, names: Sequence[str]) -> Projects:
        """Return the projects with these names; all of them if there are no names.

        Raises:
            DeploymentError: There is no project with such a name, or its file has another name.
        """
        known = [folder.name for folder in self.folders]
        for name in names:
            if name not in known:
                check_file_name(self.folder / name)
                raise DeploymentError(
                    f"there is no project `{name}`; there are: {list_names(known)}",
                    str(self.folder),
                    f"{_suggest_project(name, known)}Name one of these.",
                )
        if not names:
            return self
        kept = tuple(folder for folder in self.folders if folder.name in names)
        return Projects(self.airflow, kept)


def _suggest_project(name: str, known: Sequence[str]) -> str:
    """Suggest a project for the name of a folder, file or DAG."""
    part = next((each for each in re.split(r"[/\\.]", name) if each in known), name)
    return suggest(part, known)


def find_projects(folder: Path | None) -> Projects:
    """Return the projects in a folder.

    Args:
        folder: The folder; None for that of the Airflow project.

    Raises:
        DeploymentError: There are none.
    """
    airflow = find_folders(folder)
    found = airflow.projects
    check_projects_folder(found, "--projects" if folder else describe_projects_source(airflow))
    folders = tuple(find_project_folders(found))
    if not folders and (wrong := find_misnamed_files(found)):
        raise combine_errors([build_misnamed_error(each) for each in wrong])
    if not folders:
        raise DeploymentError(
            f"there is no project: no folder in it has a {MELTANO_FILE}",
            str(found),
            f"Create one with `{format_cli_command('new', 'NAME')}`, or name their folder with "
            "`--projects DIR`.",
        )
    return Projects(airflow, folders)


def find_misnamed_files(folder: Path) -> list[Path]:
    """Return the files that are like `meltano.yml`, but misspelled."""
    names = {each: find_misnamed_file(each) for each in sorted(folder.glob("*/"))}
    return [each / name for each, name in names.items() if name is not None]


def check_file_name(folder: Path) -> None:
    """Check that a folder has no misspelled `meltano.yml`.

    Raises:
        DeploymentError: It has one.
    """
    if (name := find_misnamed_file(folder)) is not None:
        raise build_misnamed_error(folder / name)


def build_misnamed_error(file: Path) -> DeploymentError:
    """Return the error for a misspelled `meltano.yml`."""
    return DeploymentError(
        f"Meltano reads {MELTANO_FILE}, not {file.name}",
        str(file),
        f"Rename it to {MELTANO_FILE}.",
    )


def plan_projects(folders: Iterable[Path]) -> tuple[list[ProjectPlan], list[MeltanoPodsError]]:
    """Plan projects; return their plans and all errors."""
    projects, errors = read_projects(folders)
    return [each.plan for each in projects], errors


def read_projects(
    folders: Iterable[Path],
) -> tuple[list[PlannedProject], list[MeltanoPodsError]]:
    """Read and plan projects; return them and all errors."""
    found: list[PlannedProject] = []
    errors: list[MeltanoPodsError] = []
    for folder in folders:
        try:
            found.append(load_project(folder))
        except MeltanoPodsError as error:
            errors += split_errors(error)
        else:
            errors += found[-1].plan.errors
    return found, errors
