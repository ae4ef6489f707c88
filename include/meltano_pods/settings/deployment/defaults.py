"""The layer of the deployment: what holds where no level of a project says anything.

It is below all of `layers.ORDER`, but null at a level leads back to it, which is why it is not
merged as one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.deployment.read import variable_of

if TYPE_CHECKING:
    from meltano_pods.settings.deployment.model import DeploymentSettings
    from meltano_pods.settings.model import Settings

FALLBACKS = (
    "execution_mode", "deferrable", "image", "image_pull_policy", "image_pull_secrets", "namespace",
    "service_account", "secrets", "database_secret", "pod_template",
)  # fmt: skip
"""Settings of projects that are settings of deployments as well, by the same name."""


def completed(settings: Settings, deployment: DeploymentSettings) -> Settings:
    """Return settings in which the deployment's stand where a project says nothing.

    `{project}` in names still stands for the project.
    """
    return settings.model_copy(
        update={
            key: getattr(deployment, key) for key in FALLBACKS if left_to_deployment(settings, key)
        }
    )


def left_to_deployment(settings: Settings, key: str) -> bool:
    """Whether a project says nothing of one of `FALLBACKS`."""
    value = getattr(settings, key)
    # No `secrets` at all is something to say; an empty list of the others is not.
    return value is None or (value == () and key != "secrets")


def said_by(deployment: DeploymentSettings, key: str) -> tuple[str, str]:
    """Return what set one of a deployment's settings, and the level: `deployment` or `default`."""
    if key not in deployment.model_fields_set:
        return "default", ""
    if _plain(PROFILES.get(deployment.profile, {}).get(key)) == _plain(getattr(deployment, key)):
        return "deployment", f"profile `{deployment.profile}`"
    return "deployment", variable_of(key)


def _plain(value: Any) -> Any:  # noqa: ANN401
    return list(value) if isinstance(value, tuple) else value
