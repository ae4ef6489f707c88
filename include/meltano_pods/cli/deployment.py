"""The deployment that a command is about, read without Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.cli.configuration import airflow_setting, places_in, section_here
from meltano_pods.settings.deployment import deployment_settings
from meltano_pods.settings.launchers import KUBERNETES
from meltano_pods.tasks.deployment import deployment_at

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.tasks.deployment import Deployment


def deployment_of(profile: str | None, root: Path) -> Deployment:
    """Return the deployment of an Airflow project.

    Args:
        profile: For one of pods that says nothing but its profile, and where files are on this
            machine; None for the one that Airflow's configuration here describes.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: There is no such profile, or a key or value that is not allowed.
    """
    section = section_here()
    if profile is None:
        namespace = airflow_setting("kubernetes", "namespace")
        return deployment_at(root, deployment_settings(section), namespace)
    layers = {**places_in(section), "profile": profile, "launcher": KUBERNETES}
    return deployment_at(root, deployment_settings(layers))
