"""Finds the runner's command on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import SECTION

_IN_IMAGE = Path("/opt/meltano/bin/meltano-runner")
_BESIDE_DAGS = Path(".venv-meltano/bin/meltano-runner")


class RunnerMissingError(DeploymentError, AirflowFailException):
    """There is no runner to start. Airflow does not retry: time alone will not bring it."""


def find_runner(project: Path, root: Path | None = None) -> Path:
    """Return the path of `meltano-runner`.

    Airflow's setting `[meltano_pods] runner` decides; without it, the place in our images, then
    `.venv-meltano` beside the projects' folder or beside `dags`, which `make run` creates.

    Args:
        project: The project's folder.
        root: The Airflow project's folder; None where Airflow's `dags_folder` says it.

    Raises:
        RunnerMissingError: Nothing to execute at any of these places.
    """
    configured = conf.get(SECTION, "runner", fallback=None)
    if configured:
        tried = [Path(configured).expanduser()]
    else:
        beside = (project.parent.parent, root or Path(conf.get("core", "dags_folder")).parent)
        tried = [_IN_IMAGE, *dict.fromkeys(folder / _BESIDE_DAGS for folder in beside)]
    for path in tried:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    places = ", ".join(str(path) for path in tried)
    raise RunnerMissingError(
        f"there is no meltano-runner to execute; tried: {places}",
        f"Airflow's setting `[{SECTION}] runner`" + ("" if configured else " (not set)"),
        "Install Meltano and the runner (`make run` does; for Airflow's image, build with "
        "LOCAL_EXECUTION=true), or set the environment variable AIRFLOW__MELTANO_PODS__RUNNER to "
        "the path of the command.",
    )
