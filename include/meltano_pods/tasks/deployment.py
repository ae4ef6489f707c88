"""Reads what a deployment says about all its pods: Airflow's section `[meltano_pods]`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.settings.deployment.read import (
    DEFAULT_DEFERRABLE,
    SECTION,
    parse_deployment,
    read_variables,
)
from meltano_pods.tasks.folders import folders_of

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.settings.deployment.model import DeploymentSettings


@dataclass(frozen=True, slots=True)
class Deployment:
    """One Airflow deployment.

    Attributes:
        settings: What it says, completed by its profile.
        templates: Folder of the pod templates.
        namespace: Where the pods run; None leaves it to the pod template.
    """

    settings: DeploymentSettings
    templates: Path
    namespace: str | None


def read_settings() -> DeploymentSettings:
    """Read the configuration.

    Raises:
        DeploymentError: A key or value that is not allowed.
    """
    # Here and not above, as below: the command line does without Airflow, which takes seconds.
    from airflow.sdk.configuration import conf  # noqa: PLC0415

    keys = set(read_variables(os.environ))
    if conf.has_section(SECTION):
        keys.update(conf.options(SECTION))
    values = {key: conf.get(SECTION, key, fallback=None) for key in keys}
    return parse_deployment(
        {key: value for key, value in values.items() if value is not None},
        conf.get(*DEFAULT_DEFERRABLE, fallback=None),
    )


def read_deployment(root: Path) -> Deployment:
    """Read the configuration, and complete it by what Airflow knows.

    Args:
        root: The Airflow project's folder, which holds `dags` and `k8s`.

    Raises:
        DeploymentError: A key or value that is not allowed.
    """
    from airflow.sdk.configuration import conf  # noqa: PLC0415

    # Astro sets it; plain Airflow has no such section and raises without a fallback.
    return deployment_at(root, read_settings(), conf.get("kubernetes", "namespace", fallback=None))


def deployment_at(
    root: Path, settings: DeploymentSettings, airflow_namespace: str | None = None
) -> Deployment:
    """Return the deployment of an Airflow project.

    Args:
        root: The Airflow project's folder.
        settings: What the deployment says.
        airflow_namespace: The namespace that Airflow itself runs in, where it knows.
    """
    # Of an external cluster Airflow's own namespace says nothing.
    here = None if settings.profile == "external" else airflow_namespace or None
    return Deployment(settings, folders_of(root, settings).templates, settings.namespace or here)
