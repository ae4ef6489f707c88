"""The deployment that a command is about, read without Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.cli.configuration import airflow_setting, places_in, section_here
from meltano_pods.cli.local_cluster import IMAGE_PLACES, local_settings
from meltano_pods.cli.pinned_image import pinned_image
from meltano_pods.settings.deployment.read import DEFAULT_DEFERRABLE, parse_deployment
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.deployment import deployment_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meltano_pods.cli.kubernetes import Reached
    from meltano_pods.tasks.deployment import Deployment


def deployment_of(profile: str | None, root: Path) -> Deployment:
    """Return the deployment of an Airflow project.

    The image of its pods is the one that `make push` has pinned in Airflow's image, unless the
    configuration here names another one.

    Args:
        profile: For one of pods that says nothing but its profile, and where files are on this
            machine; None for the one that Airflow's configuration here describes.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: There is no such profile, or a key or value that is not allowed.
    """
    pinned = pinned_image(root)
    return _deployment(profile, root, {"image": pinned} if pinned else {})


def deployment_in(cluster: Reached, profile: str | None, root: Path) -> Deployment:
    """Return the deployment whose pods a cluster gets.

    In the cluster of `make up` it is that of the Airflow there, else the one of `deployment_of`.

    Args:
        cluster: The cluster.
        profile: The deployment that the pods are to be like; None for the one of the cluster.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: As `deployment_of`, or the cluster does not answer.
    """
    if not cluster.local:
        return deployment_of(profile, root)
    # Here and not above: they need Kubernetes' client.
    from kubernetes.client import CoreV1Api  # noqa: PLC0415

    from meltano_pods.cli.kubernetes import asking  # noqa: PLC0415

    section = asking(cluster, lambda: local_settings(CoreV1Api(cluster.client)))
    if profile is not None:
        section = {key: value for key, value in section.items() if key in IMAGE_PLACES}
    return _deployment(profile, root, section)


def _deployment(profile: str | None, root: Path, below: Mapping[str, str]) -> Deployment:
    """Return the deployment, in which `below` holds where nothing else does."""
    section = section_here()
    if profile is None:
        namespace = airflow_setting("kubernetes", "namespace")
        settings = parse_deployment({**below, **section}, airflow_setting(*DEFAULT_DEFERRABLE))
        return deployment_at(root, settings, namespace)
    layers = {**below, **places_in(section), "profile": profile, "execution_mode": KUBERNETES}
    return deployment_at(root, parse_deployment(layers))
