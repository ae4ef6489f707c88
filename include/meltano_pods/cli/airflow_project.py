"""Finds the Airflow project for a command. `tasks.folders` defines where its files are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.cli.airflow_config import read_airflow_setting, read_folder_settings
from meltano_pods.errors import DeploymentError
from meltano_pods.project.files import MELTANO_FILE
from meltano_pods.tasks.folders import DAGS, PROJECTS, find_airflow_root, locate_folders

if TYPE_CHECKING:
    from meltano_pods.tasks.folders import Folders

_DAGS_VARIABLE = "AIRFLOW__CORE__DAGS_FOLDER"


def find_folders(projects: Path | None = None) -> Folders:
    """Return the folders of the Airflow project that a command is about.

    The first of these: the one that `--projects` belongs to, the working directory or a folder
    above it that has `dags` or `meltano`, the one whose DAG files Airflow reads.

    Args:
        projects: The folder of the Meltano projects, as `--projects` says; None for the Airflow
            project's.

    Raises:
        DeploymentError: There is no Airflow project, or a path in its settings is not absolute.
    """
    settings = read_folder_settings()
    projects = projects and projects.absolute()
    configured = projects or settings.projects_folder
    dags = read_airflow_setting("core", "dags_folder")
    root = (
        _find_owner(projects)
        or _find_above(Path.cwd())
        or (find_airflow_root(f"{dags}/file.py") if dags and Path(dags).is_dir() else None)
        or (configured and configured.parent)
    )
    if root is None:
        raise _build_not_found_error()
    return locate_folders(root, settings, dags=_find_dags_folder(root), projects=projects)


def _find_owner(projects: Path | None) -> Path | None:
    """Return the Airflow project that contains a folder of projects."""
    if projects is not None and (projects.parent / DAGS).is_dir():
        return projects.parent
    return None


def _find_above(here: Path) -> Path | None:
    """Return the nearest folder, here or above, that looks like an Airflow project."""
    found = [
        each
        for each in (here, *here.parents)
        if (each / PROJECTS).is_dir() or (each / DAGS).is_dir()
    ]
    # A Meltano project may have a folder `dags` of its own, for Meltano's Airflow utility.
    outside = [each for each in found if not _find_meltano_project(each)]
    return next(iter(outside or found), None)


def _find_meltano_project(folder: Path) -> Path | None:
    """Return the Meltano project that a folder is, or is in; None for none."""
    found = (each for each in (folder, *folder.parents) if (each / MELTANO_FILE).is_file())
    return next(found, None)


def _find_dags_folder(root: Path) -> Path:
    """Return where Airflow reads DAG files."""
    default = root / DAGS
    variable = os.environ.get(_DAGS_VARIABLE)
    if default.is_dir() and not (
        variable and not default.is_relative_to(Path(variable).expanduser())
    ):
        return default
    read = variable or (None if default.is_dir() else read_airflow_setting("core", "dags_folder"))
    return Path(read).expanduser() if read and Path(read).is_dir() else default


def _build_not_found_error() -> DeploymentError:
    here = Path.cwd()
    if (project := _find_meltano_project(here)) is not None:
        return DeploymentError(
            "this is a single Meltano project, not an Airflow project with Meltano projects in "
            f"its folder `{PROJECTS}`",
            str(project / MELTANO_FILE),
            f"Name the folder above it with `--projects {project.parent}`, or move it to "
            f"`{PROJECTS}/{project.name}` of an Airflow project.",
        )
    return DeploymentError(
        f"there is no folder `{PROJECTS}` or `{DAGS}` here or above",
        str(here),
        "Go to the Airflow project's folder, or name the folder that holds the projects with "
        "`--projects DIR`.",
    )
