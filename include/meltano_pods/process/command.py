"""Finds the runner's command on this machine."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import SECTION

if TYPE_CHECKING:
    from collections.abc import Callable

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
        "Install Meltano and the runner (`make run` does, locally; for Airflow's image, build with "
        "EMBED_MELTANO=true), or set the environment variable AIRFLOW__MELTANO_PODS__RUNNER to the "
        "path of the command.",
    )


def meltano_typed(project: Path, runner: Path) -> Callable[[str], str] | None:
    """Return how a command of Meltano is typed beside a runner; None for as it is.

    Where the Makefile has installed Meltano, it is not in the path, and its state and plugins are
    not where Meltano would look for them.

    Args:
        project: The project's folder.
        runner: As `find_runner` returns it.
    """
    root = runner.parents[len(_BESIDE_DAGS.parts) - 1]
    if runner != root / _BESIDE_DAGS or not (root / "Makefile").is_file():
        return None
    name = shlex.quote(project.name)
    return lambda arguments: f"make meltano PROJECT={name} ARGS={shlex.quote(arguments)}"
