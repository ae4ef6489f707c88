"""Plans a project as Airflow does here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.project.naming import check_project_folder

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.plan import ProjectPlan


def planned(folder: Path) -> ProjectPlan:
    """Plan a project, in Airflow's MELTANO_ENVIRONMENT where no setting names another.

    Raises:
        ProjectError: It cannot be run as it is, or its folder's name cannot be a project's.
    """
    check_project_folder(folder)
    return plan(read_project(folder), os.environ.get("MELTANO_ENVIRONMENT") or None)
