"""Where an Airflow project has its Meltano projects, as Astro projects are laid out."""

from __future__ import annotations

from pathlib import Path

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion
from meltano_pods.plan.identifiers import project_part
from meltano_pods.project.files import project_folders
from meltano_pods.settings.deployment import SECTION
from meltano_pods.tasks.deployment import read_settings

_DAGS, _PROJECTS = "dags", "meltano"


def project_folder(dag_file: str, name: str | None = None) -> Path:
    """Return a project's folder.

    The projects' folder is Airflow's setting `[meltano_pods] projects_folder`, else `meltano`
    beside the `dags` folder that holds the file.

    Args:
        dag_file: `__file__` of the DAG file.
        name: The project; None for the one that the file is named after.

    Raises:
        DeploymentError: There is no such folder, or another project's DAGs have the same ids.
    """
    file = Path(dag_file).absolute()
    projects, source = _projects_folder(file)
    wanted = file.stem if name is None else name
    folder = projects / wanted
    if folder.is_dir() and folder.parent == projects:
        _check_ids(folder)
        return folder
    if not projects.is_dir():
        raise DeploymentError(
            f"there is no folder of Meltano projects at {projects}",
            source,
            "Create it beside the `dags` folder, or set AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER to "
            "its absolute path.",
        )
    names = _names(projects)
    rename = "Rename the file after its project" if name is None else "Name one of these"
    raise DeploymentError(
        f"there is no Meltano project `{wanted}` in {projects}; there are: {listed(names)}",
        f"DAG file {file.name}" + (", which names its project" if name is None else ""),
        f"{suggestion(wanted, names)}{rename}, or create the project.",
    )


def all_project_folders(dag_file: str) -> list[Path]:
    """Return the folders of all projects, in the order of their names.

    Args:
        dag_file: `__file__` of a DAG file.

    Raises:
        DeploymentError: The deployment's settings are wrong.
    """
    projects, _ = _projects_folder(Path(dag_file).absolute())
    return project_folders(projects)


def _names(projects: Path) -> list[str]:
    return [each.name for each in projects.iterdir() if (each / "meltano.yml").is_file()]


def _check_ids(folder: Path) -> None:
    """Refuse a project whose name Airflow's ids cannot hold, and so may be another's as well."""
    part = project_part(folder.name)
    if part == folder.name:
        return
    for name in _names(folder.parent):
        if name != folder.name and project_part(name) == part:
            raise DeploymentError(
                f"`{folder.name}` and `{name}` have the same ids of DAGs, which begin `{part}.`",
                f"folder {folder.parent}",
                "Rename one of the two, with its DAG file: ids keep letters, digits, `-` and `_`.",
            )


def _projects_folder(file: Path) -> tuple[Path, str]:
    configured = read_settings().projects_folder
    if configured is not None:
        return configured, f"Airflow's setting `[{SECTION}] projects_folder`"
    return airflow_root(str(file)) / _PROJECTS, f"DAG file {file}"


def airflow_root(dag_file: str) -> Path:
    """Return the folder of the Airflow project: the one that holds the `dags` folder."""
    file = Path(dag_file).absolute()
    # A file may stand in a folder of its own below `dags`.
    dags = next((each for each in file.parents if each.name == _DAGS), file.parent)
    return dags.parent
