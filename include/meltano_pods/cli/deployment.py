"""The deployment that a command is about, read without Airflow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.cli.airflow_config import read_airflow_setting, read_section
from meltano_pods.cli.local_cluster import IMAGE_SETTINGS, read_local_settings
from meltano_pods.settings.deployment.read import (
    DEFAULT_DEFERRABLE,
    get_variable_name,
    parse_deployment,
)
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.deployment import build_deployment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meltano_pods.cli.cluster import Cluster
    from meltano_pods.tasks.deployment import Deployment

PIN = re.compile(rf"^ENV {get_variable_name('image')}=(.*)$", re.MULTILINE)
"""How `make push` pins the Meltano image: a line of the Airflow image's Dockerfile."""
LOCAL_IMAGE = "meltano-pods/meltano:dev"
"""The image as it is built on a machine. No registry has it."""


def read_deployment(profile: str | None, root: Path) -> Deployment:
    """Return the deployment of an Airflow project.

    The image of its pods is the one that `make push` has pinned in Airflow's image, unless the
    configuration here names another one.

    Args:
        profile: Replaces the profile in Airflow's configuration here, and makes tasks pods; None
            changes nothing. Other settings there have precedence over a profile.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: There is no such profile, or a key or value that is not allowed.
    """
    pinned = read_pinned_image(root)
    return _build_deployment(profile, root, {"image": pinned} if pinned else {})


def read_cluster_deployment(cluster: Cluster, profile: str | None, root: Path) -> Deployment:
    """Return the deployment whose pods a cluster gets.

    In the cluster of `make up`, it is that of the Airflow there; elsewhere that of
    `read_deployment`.

    Args:
        cluster: The cluster.
        profile: As for `read_deployment`.
        root: The Airflow project's folder.

    Raises:
        DeploymentError: As `read_deployment`, or the cluster does not answer.
    """
    if not cluster.local:
        return read_deployment(profile, root)
    # Imported here, because they need the Kubernetes client.
    from kubernetes.client import CoreV1Api  # noqa: PLC0415

    from meltano_pods.cli.cluster import call_api  # noqa: PLC0415

    section = call_api(cluster, lambda: read_local_settings(CoreV1Api(cluster.client)))
    if profile is not None:
        section = {key: value for key, value in section.items() if key in IMAGE_SETTINGS}
    return _build_deployment(profile, root, section)


def read_pinned_image(root: Path) -> str | None:
    """Return the image for pods that the Dockerfile of Airflow's image pins, if any."""
    try:
        found = PIN.search((root / "Dockerfile").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return (found[1].strip().strip("\"'") or None) if found else None


def _build_deployment(profile: str | None, root: Path, defaults: Mapping[str, str]) -> Deployment:
    section = {**defaults, **read_section()}
    if profile is not None:
        # Also the other settings here, as in an Airflow with this profile.
        section |= {"profile": profile, "execution_mode": KUBERNETES}
    namespace = read_airflow_setting("kubernetes", "namespace")
    settings = parse_deployment(section, read_airflow_setting(*DEFAULT_DEFERRABLE))
    return build_deployment(root, settings, namespace)
