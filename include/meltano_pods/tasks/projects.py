"""Finds the project of a DAG file, by the rule in `folders`, and plans it as Airflow does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.project.configured_settings import ConfiguredSettings
from meltano_pods.project.files import find_project_folders, read_project_files
from meltano_pods.project.naming import check_project_folder
from meltano_pods.tasks.deployment import read_settings
from meltano_pods.tasks.folders import Folders, find_airflow_root, find_project, locate_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.plan import ProjectPlan
    from meltano_pods.project import Project
    from meltano_pods.project.yaml.nodes import Entries


@dataclass(frozen=True)
class PlannedProject:
    """A project with its plan, from one reading of its files.

    Attributes:
        project: The project.
        plan: Its plan.
        files: The entries of its files.
    """

    project: Project
    plan: ProjectPlan
    files: Sequence[Entries] = field(repr=False)

    @cached_property
    def settings(self) -> ConfiguredSettings:
        """What its files configure."""
        return ConfiguredSettings(self.project, self.files)


def plan_project(folder: Path) -> ProjectPlan:
    """Plan a project, in Airflow's MELTANO_ENVIRONMENT where no setting names another.

    Raises:
        ProjectError: It cannot be run as it is, or its folder's name cannot be a project's.
    """
    return load_project(folder).plan


def load_project(folder: Path) -> PlannedProject:
    """Read and plan a project, as `plan_project` does.

    Raises:
        ProjectError: As `plan_project`.
    """
    check_project_folder(folder)
    files = read_project_files(folder)
    project = read_project(folder, files)
    return PlannedProject(project, plan(project, get_default_environment()), files)


def get_default_environment() -> str | None:
    """Return the Meltano environment of tasks whose settings name none: Airflow's."""
    return os.environ.get("MELTANO_ENVIRONMENT") or None


def find_project_folder(dag_file: str, name: str | None = None) -> Path:
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
    folder = find_project(_locate(dag_file), file.stem if name is None else name, where, fix)
    check_project_folder(folder)
    return folder


def list_project_folders(dag_file: str) -> list[Path]:
    """Return the folders of all projects, in the order of their names.

    Args:
        dag_file: `__file__` of a DAG file.

    Raises:
        DeploymentError: The deployment's settings are wrong.
    """
    return find_project_folders(_locate(dag_file).projects)


def _locate(dag_file: str) -> Folders:
    return locate_folders(find_airflow_root(dag_file), read_settings())
