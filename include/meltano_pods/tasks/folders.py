"""Finds the files of an Airflow project, by one rule for Airflow and the command line.

An Airflow project is the folder that contains the `dags` folder. Next to that are `meltano`, with a
folder for each Meltano project, and `k8s/pod_templates`; the deployment's settings
`projects_folder` and `pod_templates_folder` name other places.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.errors import DeploymentError
from meltano_pods.names import list_names, suggest
from meltano_pods.project.files import MELTANO_FILE, find_project_folders
from meltano_pods.settings.deployment.read import SECTION, get_variable_name

if TYPE_CHECKING:
    from meltano_pods.settings.deployment.model import DeploymentSettings

DAGS, PROJECTS = "dags", "meltano"
_TEMPLATES = Path("k8s/pod_templates")
PLACES = ("projects_folder", "pod_templates_folder")
"""The settings that name folders on this machine."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of an Airflow project.

    Attributes:
        root: The Airflow project's own folder.
        dags: Where Airflow reads DAG files.
        projects: Holds a folder for each Meltano project.
        templates: Holds the pod templates.
    """

    root: Path
    dags: Path
    projects: Path
    templates: Path


def locate_folders(
    root: Path,
    settings: DeploymentSettings,
    *,
    dags: Path | None = None,
    projects: Path | None = None,
) -> Folders:
    """Return the folders of an Airflow project.

    Args:
        root: The Airflow project's folder.
        settings: The deployment's.
        dags: Where Airflow reads DAG files; None for `dags`.
        projects: The projects' folder, in place of that of the settings.
    """
    return Folders(
        root,
        dags or root / DAGS,
        projects or settings.projects_folder or root / PROJECTS,
        settings.pod_templates_folder or root / _TEMPLATES,
    )


def find_airflow_root(dag_file: str) -> Path:
    """Return the folder of the Airflow project: the one that holds the `dags` folder."""
    file = Path(dag_file).absolute()
    # A file may be in a folder below `dags`.
    dags = next((each for each in file.parents if each.name == DAGS), file.parent)
    return dags.parent


def check_projects_folder(folder: Path, where: str) -> None:
    """Check that a folder contains Meltano projects.

    Args:
        folder: The folder.
        where: What names it.

    Raises:
        DeploymentError: It does not exist, or is a project itself.
    """
    if (folder / MELTANO_FILE).is_file():
        raise DeploymentError(
            f"{folder} is a Meltano project itself, not the folder that holds the projects' "
            "folders",
            where,
            f"Use the folder above it: {folder.parent}.",
        )
    if not folder.is_dir():
        siblings = folder.parent.iterdir() if folder.parent.is_dir() else ()
        near = suggest(folder.name, [each.name for each in siblings if each.is_dir()])
        raise DeploymentError(
            f"there is no folder of Meltano projects at {folder}",
            where,
            f"{near}Create it next to the `dags` folder, with a folder for each project, or set "
            f"{get_variable_name('projects_folder')} to the absolute path of the one you have.",
        )


def find_project(folders: Folders, name: str, where: str, fix: str) -> Path:
    """Return a project's folder.

    Args:
        folders: Of the Airflow project.
        name: The project's name.
        where: What names the project.
        fix: What to do if the project does not exist, after a suggestion.

    Raises:
        DeploymentError: There is none.
    """
    folder = folders.projects / name
    if folder.is_dir() and folder.parent == folders.projects:
        return folder
    check_projects_folder(folders.projects, describe_projects_source(folders))
    known = [each.name for each in find_project_folders(folders.projects)]
    raise DeploymentError(
        f"there is no Meltano project `{name}` in {folders.projects}; "
        f"there are: {list_names(known)}",
        where,
        f"{suggest(name, known)}{fix}",
    )


def describe_projects_source(folders: Folders) -> str:
    """Return what names the projects' folder, for an error's `where`."""
    if folders.projects == folders.root / PROJECTS:
        return f"the Airflow project {folders.root}"
    return f"Airflow's setting `[{SECTION}] projects_folder`"
