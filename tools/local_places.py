"""Where Airflow and the projects keep things when they run on this machine without Docker."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.cli import local_paths
from meltano_pods.settings.deployment.read import get_variable_name, parse_deployment
from meltano_pods.settings.deployment.values import PROJECT
from meltano_pods.settings.types.execution import LOCAL
from meltano_runner.contract.environment import OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / local_paths.WORK


def build_state_path(project: str) -> Path:
    """Return the system database of a project, which holds its state."""
    return local_paths.build_state_path(ROOT, project)


def build_output_path(project: str) -> Path:
    """Return the folder for the files of a project's targets."""
    return local_paths.build_output_path(ROOT, project)


def build_plugins_path(project: str) -> Path:
    """Return the folder that holds a project's installed plugins."""
    return local_paths.build_plugins_path(ROOT, project)


def project_environment(project: str) -> dict[str, str]:
    """Return the variables of a project's runs; `{project}` stands for any."""
    return local_paths.build_local_variables(ROOT, project)


def local_env(environ: Mapping[str, str]) -> str:
    """Return the deployment's `local_env` here, over which an exported one is laid.

    Args:
        environ: The environment of the caller. Its other variables take precedence over both, as in
            any Airflow worker: an exported MELTANO_DATABASE_URI applies to all projects.

    Raises:
        DeploymentError: The exported one cannot be read.
    """
    name = get_variable_name("local_env")
    exported = parse_deployment({"local_env": environ[name]} if environ.get(name) else {})
    return json.dumps({**project_environment(PROJECT), **exported.local_env})


def notes(project: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what a run's variables make different from other runs on this machine.

    The address of a database is not shown, because it may contain a password.
    """
    exported = get_variable_name("local_env")
    own = json.loads(local_env({}))
    for name, what in (("MELTANO_DATABASE_URI", "state"), (OUTPUT, "output")):
        if name in environ:
            yield f"The {what} is where the exported {name} says."
        elif json.loads(local_env(environ))[name] != own[name]:
            yield f"The {what} is where {name} in the exported {exported} says, for {project}."


def airflow_environment(home: Path) -> dict[str, str]:
    """Return the variables of an Airflow that has the DAGs here and a database in `home`.

    Raises:
        DeploymentError: The exported `local_env` cannot be read.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__MELTANO_PODS__EXECUTION_MODE": LOCAL,
        "AIRFLOW__MELTANO_PODS__LOCAL_ENV": local_env(os.environ),
        # The user sees failures on the screen; nobody else needs a notification.
        "AIRFLOW__MELTANO_PODS__NOTIFY": "off",
        "PYTHONWARNINGS": "ignore",
    }
