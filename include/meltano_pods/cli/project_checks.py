"""Checks projects' files for `validate` and `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.cli.dag_files import CALL, calls_airflow_dags
from meltano_pods.cli.projects import build_misnamed_error, find_misnamed_files, read_projects
from meltano_pods.errors import DeploymentError
from meltano_pods.names import list_names, suggest
from meltano_pods.plan.environments import find_missing_environments
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.project.misspelled_keys import find_misspelled_keys, find_misspelled_settings
from meltano_pods.project.naming import is_project_name
from meltano_pods.project.references.lock_files import find_undefined_plugins
from meltano_pods.project.references.schedules import find_transform_warnings
from meltano_pods.project.unmatched_includes import find_unmatched_includes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from meltano_pods.cli.projects import Projects
    from meltano_pods.errors import MeltanoPodsError
    from meltano_pods.tasks.projects import PlannedProject


@dataclass(frozen=True, slots=True)
class ProjectChecks:
    """The result of a check.

    Attributes:
        read: The projects that can be read.
        errors: What keeps DAGs from running.
        warnings: What is probably a mistake.
    """

    read: Sequence[PlannedProject]
    errors: list[MeltanoPodsError]
    warnings: list[MeltanoPodsError]


def check_projects(found: Projects) -> ProjectChecks:
    """Read and plan projects, and compare them with their DAG files and with each other."""
    read, errors = read_projects(found.folders)
    misnamed = find_misnamed_files(found.folder)
    errors += [build_misnamed_error(each) for each in misnamed]
    errors += [
        *_check_dag_files(found, {each.parent.name for each in misnamed}),
        *_check_kubernetes_names(found),
    ]
    warnings: list[MeltanoPodsError] = [each for one in read for each in one.plan.warnings]
    for each in read:
        warnings += [
            *find_unmatched_includes(each.project.path, each.files[0]),
            *find_undefined_plugins(each.project),
            *find_transform_warnings(each.project),
            *find_misspelled_keys(each.project, each.settings),
            *find_misspelled_settings(each.project, each.settings),
            *find_missing_environments(each.plan),
        ]
    return ProjectChecks(read, errors, warnings)


def _check_dag_files(found: Projects, misnamed: Collection[str]) -> Iterator[DeploymentError]:
    """Compare projects with their DAG files.

    Args:
        found: The projects.
        misnamed: Names of folders whose `meltano.yml` has another name, which is an error already.
    """
    dags = found.airflow.dags
    if not dags.is_dir():
        return
    named = {file.stem: file for file in sorted(dags.rglob("*.py")) if calls_airflow_dags(file)}
    for folder in found.folders:
        # A folder with an invalid name is an error already; its DAG file is renamed with it.
        if folder.name not in named and is_project_name(folder.name):
            yield DeploymentError(
                f"the project {folder.name} has no DAG file, so Airflow has none of its DAGs",
                str(dags / f"{folder.name}.py"),
                f"Write the two lines: `from meltano_pods import {CALL}` and `{CALL}(__file__)`.",
            )
    there = [folder.name for folder in found.folder.iterdir() if (folder / "meltano.yml").is_file()]
    for name, file in named.items():
        if name not in there and name not in misnamed:
            yield DeploymentError(
                f"the DAG file is for the project {name}, which does not exist; there are: "
                f"{list_names(there)}",
                str(file),
                f"{suggest(name, there)}Rename or remove the file.",
            )


def _check_kubernetes_names(found: Projects) -> Iterator[DeploymentError]:
    """Find projects whose objects in Kubernetes would have the same name."""
    first: dict[str, str] = {}
    for folder in found.folders:
        secret = build_secret_name(folder.name)
        other = first.setdefault(secret, folder.name)
        if other != folder.name:
            yield DeploymentError(
                f"the projects {other} and {folder.name} have the same name in Kubernetes: they "
                f"would share the Secret {secret}, and with it the database of their state",
                str(folder),
                "Rename one of them, with its DAG file.",
            )
