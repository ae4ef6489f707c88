"""What a deployment says of all its pods: Airflow's section `[meltano_pods]`, checked, completed.

It reads nothing: tasks/deployment.py does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.contract import describe_secret
from pydantic import ValidationError

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, nearest, suggestion
from meltano_pods.settings.deployment.model import EMPTY_COUNTS, DeploymentSettings
from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.messages import remedy, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTION = "meltano_pods"
_VARIABLE_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
_LIKE_VARIABLE = re.compile(r"_?AIRFLOW_+MELTANO_?PODS?_+(.+)", re.IGNORECASE)
_MAY_HOLD_SECRETS = ("notify", "local_env")


def in_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what environment variables say of the section, by its keys."""
    return {
        name.removeprefix(_VARIABLE_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_VARIABLE_PREFIX)
    }


def misspelt_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables that were meant for the section and miss it, and what each was meant to be.

    Airflow passes over them in silence.
    """
    found = {}
    for name in environment:
        match = _LIKE_VARIABLE.fullmatch(name)
        if match and not name.startswith(_VARIABLE_PREFIX):
            key = nearest(match[1].lower(), DeploymentSettings.model_fields) or match[1].lower()
            found[name] = variable_of(key)
    return found


def deployment_settings(said: Mapping[str, str]) -> DeploymentSettings:
    """Complete what a deployment says by its profile, and check it.

    The order: what is said, then the profile, then the model. An empty value says nothing, except
    for the keys marked so.

    Args:
        said: Keys and values of Airflow's section `[meltano_pods]`.

    Raises:
        DeploymentError: A key or value that is not allowed.
    """
    known = DeploymentSettings.model_fields
    for key in said:
        if key not in known:
            raise DeploymentError(
                f"unknown setting `{key}` in [{SECTION}]; expected one of: {listed(known)}",
                f"Airflow's setting `[{SECTION}] {key}`",
                f"{suggestion(key, known)}Rename or remove {variable_of(key)}.",
            )
    values = {key: value for key, value in said.items() if value or _empty_counts(key)}
    profile = PROFILES.get(values.get("profile", ""), {})
    try:
        settings = DeploymentSettings.model_validate({**profile, **values})
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = str(detail["loc"][0])
        raise DeploymentError(
            sentence(detail, known[key], secret=key in _MAY_HOLD_SECRETS),
            f"Airflow's setting `[{SECTION}] {key}`, or {variable_of(key)}",
            remedy(detail, known[key], lambda value: f"{variable_of(key)}={value}"),
        ) from None
    for name, value in settings.local_env.items():
        if (held := describe_secret(name, value, settings.not_secret)) is not None:
            raise DeploymentError(
                f"{name} {held}, and Airflow shows its configuration",
                f"Airflow's setting `[{SECTION}] local_env`, or {variable_of('local_env')}",
                f"Remove it and set {name} in the worker's environment. If it is not a secret, "
                f"add it to {variable_of('not_secret')}.",
            )
    return settings


def _empty_counts(key: str) -> bool:
    return DeploymentSettings.model_fields[key].json_schema_extra is EMPTY_COUNTS


def variable_of(key: str) -> str:
    """Return the environment variable that says one of the settings."""
    return _VARIABLE_PREFIX + key.upper()
