"""`meltano-pods new`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import click

from meltano_pods.cli.airflow_config import read_folder_settings
from meltano_pods.cli.airflow_project import find_folders
from meltano_pods.cli.output import format_cli_command
from meltano_pods.cli.projects import projects_option
from meltano_pods.errors import DeploymentError
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.project.files import find_project_folders
from meltano_pods.project.naming import check_project_name
from meltano_pods.tasks.folders import check_projects_folder, describe_projects_source

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.tasks.folders import Folders

_DAG_FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
_IGNORED = "/.meltano\n/output\n/.env\n"


@click.command()
@click.argument("name", metavar="NAME")
@projects_option
def command(name: str, projects: Path | None) -> int:
    """Create the project NAME: meltano/NAME/meltano.yml and dags/NAME.py.

    If Airflow's settings `projects_folder` and `dags_folder` name other folders, the files go
    there. meltano.yml contains an example in comments. The DAG file has two lines and needs no
    change. Existing files are never changed.
    """
    check_project_name(name, "NAME")
    folders = find_folders(projects)
    folder = folders.projects
    if folder.exists():
        check_projects_folder(
            folder, "--projects" if projects else describe_projects_source(folders)
        )
    configured = projects is None and read_folder_settings().projects_folder is not None
    if configured and not folders.dags.is_dir():
        raise _build_no_dags_folder_error(folders)
    project, dag_file = folder / name, folders.dags / f"{name}.py"
    for path in (project, dag_file):
        if path.exists():
            raise DeploymentError(
                f"{path.name} exists already and is not changed", str(path), "Choose another name."
            )
    for there in find_project_folders(folder):
        # Some file systems and all names in Kubernetes ignore the difference.
        if build_secret_name(there.name) == build_secret_name(name):
            raise DeploymentError(
                f"the name `{name}` is too similar to that of the project `{there.name}`: in "
                f"Kubernetes both are `{build_secret_name(name)}`, and would share secrets and "
                "state",
                str(there),
                "Choose another name.",
            )
    text = files("meltano_pods.cli").joinpath("scaffold/meltano.yml").read_text(encoding="utf-8")
    _write(project / "meltano.yml", text.format(name=name))
    _write(project / ".gitignore", _IGNORED)
    _write(dag_file, _DAG_FILE)
    click.echo(f"Wrote {project / 'meltano.yml'} and {dag_file}.")
    click.echo(
        "Add plugins and a schedule, then show the DAGs that they become: "
        f"{format_cli_command('plan', name)}"
    )
    return 0


def _build_no_dags_folder_error(folders: Folders) -> DeploymentError:
    return DeploymentError(
        f"it is unknown where Airflow reads DAG files: there is no folder {folders.dags}",
        f"projects in {folders.projects}",
        "Run this in the folder that holds Airflow's `dags` folder, or set "
        "AIRFLOW__CORE__DAGS_FOLDER to its path.",
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
