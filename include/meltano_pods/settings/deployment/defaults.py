"""Applies the deployment's settings where no level of a project sets a value.

They are below all of `layers.ORDER`. They are not merged like a layer, because null at a level
means the deployment's value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.deployment.read import DEFAULT_DEFERRABLE, get_variable_name

if TYPE_CHECKING:
    from meltano_pods.settings.deployment.model import DeploymentSettings
    from meltano_pods.settings.model import Settings

SHARED_SETTINGS = (
    "execution_mode", "deferrable", "image", "image_pull_policy", "image_pull_secrets", "namespace",
    "service_account", "secrets", "database_secret", "pod_template",
)  # fmt: skip
"""Settings that projects and deployments share by name."""


def apply_defaults(settings: Settings, deployment: DeploymentSettings) -> Settings:
    """Return settings with the deployment's values where a project sets none.

    `{project}` in names is not replaced yet.
    """
    return settings.model_copy(
        update={
            key: getattr(deployment, key)
            for key in SHARED_SETTINGS
            if is_left_to_deployment(settings, key)
        }
    )


def is_left_to_deployment(settings: Settings, key: str) -> bool:
    """Whether a project sets no value for one of `SHARED_SETTINGS`."""
    value = getattr(settings, key)
    # An empty list means none for `secrets`, and no value for the others.
    return value is None or (value == () and key != "secrets")


def trace_default(deployment: DeploymentSettings, key: str) -> tuple[str, str]:
    """Return the level of a deployment setting (`deployment` or `default`) and what set it."""
    if key not in deployment.model_fields_set:
        if key == "deferrable" and deployment.deferrable:
            return "deployment", "AIRFLOW__" + "__".join(DEFAULT_DEFERRABLE).upper()
        return "default", ""
    if _as_list(PROFILES.get(deployment.profile, {}).get(key)) == _as_list(
        getattr(deployment, key)
    ):
        return "deployment", f"profile `{deployment.profile}`"
    return "deployment", get_variable_name(key)


def _as_list(value: Any) -> Any:  # noqa: ANN401
    return list(value) if isinstance(value, tuple) else value
