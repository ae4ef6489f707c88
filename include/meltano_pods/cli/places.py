"""Finds the Airflow project for a command; what belongs where in it says `tasks.folders`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.cli.configuration import airflow_setting, places_here
from meltano_pods.errors import DeploymentError
from meltano_pods.project.files import MELTANO_FILE
from meltano_pods.tasks.folders import DAGS, PROJECTS, airflow_root, folders_of

if TYPE_CHECKING:
    from meltano_pods.tasks.folders import Folders

_DAGS_VARIABLE = "AIRFLOW__CORE__DAGS_FOLDER"


def folders_here(projects: Path | None = None) -> Folders:
    """Return the folders of the Airflow project that a command is about.

    It is the one that `--projects` belongs to, else the working directory or a folder above it that
    has `dags` or `meltano`, else the one whose DAG files Airflow reads.

    Args:
        projects: The folder of the Meltano projects, as `--projects` says; None for the one of the
            Airflow project.

    Raises:
        DeploymentError: There is no Airflow project, or a path in its settings is not absolute.
    """
    settings = places_here()
    projects = projects and projects.absolute()
    configured = projects or settings.projects_folder
    dags = airflow_setting("core", "dags_folder")
    root = (
        _owner(projects)
        or _above(Path.cwd())
        or (airflow_root(f"{dags}/file.py") if dags and Path(dags).is_dir() else None)
        or (configured and configured.parent)
    )
    if root is None:
        raise _no_airflow_project()
    return folders_of(root, settings, dags=_dags(root), projects=projects)


def _owner(projects: Path | None) -> Path | None:
    """Return the Airflow project that a folder of projects stands in."""
    if projects is not None and (projects.parent / DAGS).is_dir():
        return projects.parent
    return None


def _above(here: Path) -> Path | None:
    """Return the nearest folder, here or above, that looks like an Airflow project."""
    found = [
        each
        for each in (here, *here.parents)
        if (each / PROJECTS).is_dir() or (each / DAGS).is_dir()
    ]
    # A Meltano project may have a folder `dags` of its own, for Meltano's Airflow utility.
    outside = [each for each in found if not _in_project(each)]
    return next(iter(outside or found), None)


def _in_project(folder: Path) -> Path | None:
    """Return the Meltano project that a folder is, or is in; None for none."""
    found = (each for each in (folder, *folder.parents) if (each / MELTANO_FILE).is_file())
    return next(found, None)


def _dags(root: Path) -> Path:
    """Return where Airflow reads DAG files."""
    own = root / DAGS
    named = os.environ.get(_DAGS_VARIABLE)
    if own.is_dir() and not (named and not own.is_relative_to(Path(named).expanduser())):
        return own
    read = named or (None if own.is_dir() else airflow_setting("core", "dags_folder"))
    return Path(read).expanduser() if read and Path(read).is_dir() else own


def _no_airflow_project() -> DeploymentError:
    here = Path.cwd()
    if (project := _in_project(here)) is not None:
        return DeploymentError(
            "this is a Meltano project by itself, not an Airflow project with Meltano projects in "
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
