"""Which project a DAG file stands for, and where it is."""

from __future__ import annotations

from pathlib import Path

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion
from meltano_pods.pods.deployment import read_settings
from meltano_pods.settings.deployment import SECTION

_DAGS, _PROJECTS = "dags", "meltano"


def project_folder(dag_file: str) -> Path:
    """Return the project's folder: named as the DAG file, in the projects' folder.

    The projects' folder is Airflow's setting `[meltano_pods] projects_folder`, else `meltano`
    beside the `dags` folder that holds the file.

    Args:
        dag_file: `__file__` of the DAG file.

    Raises:
        DeploymentError: There is no such folder.
    """
    file = Path(dag_file).absolute()
    projects, source = _projects_folder(file)
    folder = projects / file.stem
    if folder.is_dir():
        return folder
    if not projects.is_dir():
        raise DeploymentError(
            f"there is no folder of Meltano projects at {projects}",
            source,
            "Create it beside the `dags` folder, or set AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER to "
            "its absolute path.",
        )
    names = [each.name for each in projects.iterdir() if (each / "meltano.yml").is_file()]
    raise DeploymentError(
        f"there is no Meltano project `{file.stem}` in {projects}; there are: {listed(names)}",
        f"DAG file {file.name}, which names its project",
        f"{suggestion(file.stem, names)}Rename the file after its project, or create the project.",
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
