"""Plans a project as Airflow does here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.project.configured_settings import ConfiguredSettings
from meltano_pods.project.files import read_project_files
from meltano_pods.project.naming import check_project_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


def planned(folder: Path) -> ProjectPlan:
    """Plan a project, in Airflow's MELTANO_ENVIRONMENT where no setting names another.

    Raises:
        ProjectError: It cannot be run as it is, or its folder's name cannot be a project's.
    """
    return planned_project(folder).plan


def planned_project(folder: Path) -> PlannedProject:
    """Read and plan a project, as `planned` does.

    Raises:
        ProjectError: As `planned`.
    """
    check_project_folder(folder)
    files = read_project_files(folder)
    project = read_project(folder, files)
    environment = os.environ.get("MELTANO_ENVIRONMENT") or None
    return PlannedProject(project, plan(project, environment), files)
