"""Reads the settings of a deployment: Airflow's section `[meltano_pods]`."""

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
from meltano_pods.tasks.folders import locate_folders

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.deployment.model import DeploymentSettings
    from meltano_pods.settings.types.execution import ExecutionMode


@dataclass(frozen=True, slots=True)
class Deployment:
    """One Airflow deployment.

    Attributes:
        settings: Its settings, completed by its profile.
        templates: Folder of the pod templates.
        namespace: Where the pods run; None leaves it to the pod template.
    """

    settings: DeploymentSettings
    templates: Path
    namespace: str | None

    def get_execution_mode(self, task: TaskPlan) -> ExecutionMode:
        """Return how it executes a task: by the task's setting, else by its own."""
        return task.settings.execution_mode or self.settings.execution_mode


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
    """Read the configuration, and complete it with what Airflow knows.

    Args:
        root: The Airflow project's folder, which holds `dags` and `k8s`.

    Raises:
        DeploymentError: A key or value that is not allowed.
    """
    from airflow.sdk.configuration import conf  # noqa: PLC0415

    # Astro sets it; plain Airflow has no such section and raises without a fallback.
    return build_deployment(
        root, read_settings(), conf.get("kubernetes", "namespace", fallback=None)
    )


def build_deployment(
    root: Path, settings: DeploymentSettings, airflow_namespace: str | None = None
) -> Deployment:
    """Return the deployment of an Airflow project.

    Args:
        root: The Airflow project's folder.
        settings: The deployment's settings.
        airflow_namespace: The namespace that Airflow itself runs in, if it is known.
    """
    # Airflow's own namespace need not exist in an external cluster.
    here = None if settings.profile == "external" else airflow_namespace or None
    return Deployment(
        settings, locate_folders(root, settings).templates, settings.namespace or here
    )
