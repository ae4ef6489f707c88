"""Finds Meltano projects for a DAG file, by the rule in `folders`."""

from __future__ import annotations

from pathlib import Path

from meltano_pods.project.files import find_project_folders
from meltano_pods.project.naming import check_project_folder
from meltano_pods.tasks.deployment import read_settings
from meltano_pods.tasks.folders import Folders, airflow_root, find_project, folders_of


def project_folder(dag_file: str, name: str | None = None) -> Path:
    """Return a project's folder.

    Args:
        dag_file: `__file__` of the DAG file.
        name: The project; None for the one that the file is named after.

    Raises:
        DeploymentError: There is no such folder.
        ProjectError: Its name cannot be a project's.
    """
    file = Path(dag_file).absolute()
    if name is None:
        where = f"DAG file {file.name}, which names its project"
        fix = "Rename the file after its project, or create the project."
    else:
        where, fix = f"DAG file {file.name}", "Name one of these, or create the project."
    folder = find_project(_folders(dag_file), file.stem if name is None else name, where, fix)
    check_project_folder(folder)
    return folder


def all_project_folders(dag_file: str) -> list[Path]:
    """Return the folders of all projects, in the order of their names.

    Args:
        dag_file: `__file__` of a DAG file.

    Raises:
        DeploymentError: The deployment's settings are wrong.
    """
    return find_project_folders(_folders(dag_file).projects)


def _folders(dag_file: str) -> Folders:
    return folders_of(airflow_root(dag_file), read_settings())
