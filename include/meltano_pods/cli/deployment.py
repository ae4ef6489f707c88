"""What the deployment says, read without Airflow, whose import takes seconds."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.settings.deployment import SECTION, deployment_settings, in_variables
from meltano_pods.settings.launchers import KUBERNETES
from meltano_pods.tasks.deployment import deployment_at

if TYPE_CHECKING:
    from meltano_pods.tasks.deployment import Deployment


def said_here() -> dict[str, str]:
    """Return the section `[meltano_pods]` of Airflow's configuration: its file, then variables."""
    file = _file()
    said = dict(file.items(SECTION)) if file.has_section(SECTION) else {}
    return said | in_variables(os.environ)


def deployment_of(profile: str | None, root: Path) -> Deployment:
    """Return the deployment of an Airflow project.

    Args:
        profile: For one of pods that says nothing but its profile; None for the one that Airflow's
            configuration here describes.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: There is no such profile, or a key or value that is not allowed.
    """
    if profile is None:
        namespace = os.environ.get("AIRFLOW__KUBERNETES__NAMESPACE")
        return deployment_at(root, deployment_settings(said_here()), namespace)
    return deployment_at(root, deployment_settings({"profile": profile, "launcher": KUBERNETES}))


def _file() -> configparser.ConfigParser:
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    file = Path(os.environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg")
    found = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        found.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        found.clear()  # Airflow says what is wrong with it
    return found
