"""`meltano-pods new`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import click

from meltano_pods.cli.configuration import places_here
from meltano_pods.cli.output import typed
from meltano_pods.cli.places import folders_here
from meltano_pods.cli.projects import projects_option
from meltano_pods.errors import DeploymentError
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.project.files import find_project_folders
from meltano_pods.project.naming import check_project_name
from meltano_pods.tasks.folders import check_projects_folder, projects_source

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.tasks.folders import Folders

_DAG_FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
_IGNORED = "/.meltano\n/output\n/.env\n"


@click.command()
@click.argument("name", metavar="NAME")
@projects_option
def command(name: str, projects: Path | None) -> int:
    """Begin the project NAME: meltano/NAME/meltano.yml and dags/NAME.py.

    Both go where Airflow reads them, as its settings `projects_folder` and `dags_folder` say. The
    one is commented out but for its environments, and explains itself; the other is two lines that
    stay as they are. What is there already is never touched.
    """
    check_project_name(name, "NAME")
    places = folders_here(projects)
    folder = places.projects
    if folder.exists():
        check_projects_folder(folder, "--projects" if projects else projects_source(places))
    elsewhere = projects is None and places_here().projects_folder is not None
    if elsewhere and not places.dags.is_dir():
        raise _no_dags_folder(places)
    project, dag_file = folder / name, places.dags / f"{name}.py"
    for path in (project, dag_file):
        if path.exists():
            raise DeploymentError(
                f"{path.name} exists already and is not changed", str(path), "Choose another name."
            )
    for there in find_project_folders(folder):
        # Not every file system tells such names apart, and no name of Kubernetes does.
        if build_secret_name(there.name) == build_secret_name(name):
            raise DeploymentError(
                f"`{name}` is too much like the project `{there.name}`: in Kubernetes both are "
                f"`{build_secret_name(name)}`, and would share their secrets and their state",
                str(there),
                "Take another name.",
            )
    text = files("meltano_pods.cli").joinpath("scaffold/meltano.yml").read_text(encoding="utf-8")
    _write(project / "meltano.yml", text.format(name=name))
    _write(project / ".gitignore", _IGNORED)
    _write(dag_file, _DAG_FILE)
    click.echo(f"Wrote {project / 'meltano.yml'} and {dag_file}.")
    click.echo(
        f"Add plugins and a schedule there, and see what becomes of them: {typed('plan', name)}"
    )
    return 0


def _no_dags_folder(places: Folders) -> DeploymentError:
    return DeploymentError(
        f"nothing says where Airflow reads DAG files: there is no folder {places.dags}",
        f"projects in {places.projects}",
        "Run this in the folder that holds Airflow's `dags` folder, or set "
        "AIRFLOW__CORE__DAGS_FOLDER to the path of that.",
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
