"""Finds the runner's command on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import SECTION

_IN_IMAGE = Path("/opt/meltano/bin/meltano-runner")
_IN_PROJECT = Path(".venv-meltano/bin/meltano-runner")


class RunnerMissingError(DeploymentError, AirflowFailException):
    """The runner is not installed. Airflow does not retry, because that does not install it."""


def find_runner(project: Path, root: Path | None = None) -> Path:
    """Return the path of `meltano-runner`.

    Airflow's setting `[meltano_pods] runner` names it. Without the setting, it is searched in the
    images' folder, then in `.venv-meltano`, which `make run` creates next to the projects' folder
    or next to `dags`.

    Args:
        project: The project's folder.
        root: The Airflow project's folder; None for the one above Airflow's `dags_folder`.

    Raises:
        RunnerMissingError: It is in none of these places.
    """
    configured = conf.get(SECTION, "runner", fallback=None)
    if configured:
        tried = [Path(configured).expanduser()]
    else:
        roots = (project.parent.parent, root or Path(conf.get("core", "dags_folder")).parent)
        tried = [_IN_IMAGE, *dict.fromkeys(folder / _IN_PROJECT for folder in roots)]
    for path in tried:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    places = ", ".join(str(path) for path in tried)
    raise RunnerMissingError(
        f"meltano-runner was not found; tried: {places}",
        f"Airflow's setting `[{SECTION}] runner`" + ("" if configured else " (not set)"),
        "Install Meltano and the runner (`make run` does; for Airflow's image, build with "
        "LOCAL_EXECUTION=true), or set the environment variable AIRFLOW__MELTANO_PODS__RUNNER to "
        "the path of the command.",
    )
