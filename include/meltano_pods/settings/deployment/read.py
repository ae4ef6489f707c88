"""Parses Airflow's section `[meltano_pods]`, with the defaults of its profile.

tasks/deployment.py reads the section, from airflow.cfg and the variables that Airflow supports
(`AIRFLOW__MELTANO_PODS__...`, with `_CMD` and `_SECRET`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.contract.secret_rule import describe_secret
from pydantic import ValidationError

from meltano_pods.errors import DeploymentError
from meltano_pods.names import find_nearest, list_names, suggest
from meltano_pods.settings.deployment.model import EMPTY_COUNTS, DeploymentSettings
from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.deployment.values import parse_boolean
from meltano_pods.settings.messages import describe_error, suggest_fix

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTION = "meltano_pods"
DEFAULT_DEFERRABLE = ("operators", "default_deferrable")
"""Section and key of Airflow's own setting that is the default of `deferrable`."""
_VARIABLE_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
_LIKE_VARIABLE = re.compile(r"_?AIRFLOW_+MELTANO_?PODS?_+(.+)", re.IGNORECASE)
_MAY_HOLD_SECRETS = ("notify", "local_env")


def read_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the section's keys and values from environment variables."""
    return {
        name.removeprefix(_VARIABLE_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_VARIABLE_PREFIX)
    }


def find_misspelled_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables that almost have the section's prefix, each with its correct name.

    Airflow ignores them silently.
    """
    misspelled = {}
    for name in environment:
        match = _LIKE_VARIABLE.fullmatch(name)
        if match and not name.startswith(_VARIABLE_PREFIX):
            key = (
                find_nearest(match[1].lower(), DeploymentSettings.model_fields) or match[1].lower()
            )
            misspelled[name] = get_variable_name(key)
    return misspelled


def parse_deployment(
    section: Mapping[str, str], default_deferrable: str | None = None
) -> DeploymentSettings:
    """Validate a deployment's settings and complete them with the defaults of its profile.

    The section has precedence over the profile, and the profile over the model. An empty value
    counts as unset, except for keys marked with `EMPTY_COUNTS`.

    Args:
        section: Keys and values of Airflow's section `[meltano_pods]`.
        default_deferrable: Airflow's setting `DEFAULT_DEFERRABLE`, below section and profile.

    Raises:
        DeploymentError: A key or value that is not allowed.
    """
    known = DeploymentSettings.model_fields
    for key in section:
        if key not in known:
            raise DeploymentError(
                f"unknown setting `{key}` in [{SECTION}]; expected one of: {list_names(known)}",
                f"Airflow's setting `[{SECTION}] {key}`",
                f"{suggest(key, known)}Rename or remove {get_variable_name(key)}.",
            )
    values = {key: value for key, value in section.items() if value or _accepts_empty(key)}
    profile = PROFILES.get(values.get("profile", ""), {})
    try:
        settings = DeploymentSettings.model_validate({**profile, **values})
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = str(detail["loc"][0])
        raise DeploymentError(
            describe_error(detail, known[key], secret=key in _MAY_HOLD_SECRETS),
            f"Airflow's setting `[{SECTION}] {key}`, or {get_variable_name(key)}",
            suggest_fix(detail, known[key], lambda value: f"{get_variable_name(key)}={value}"),
        ) from None
    for name, value in settings.local_env.items():
        if (reason := describe_secret(name, value, settings.not_secret)) is not None:
            raise DeploymentError(
                f"{name} {reason}, and Airflow shows its configuration",
                f"Airflow's setting `[{SECTION}] local_env`, or {get_variable_name('local_env')}",
                f"Remove it and set {name} in the worker's environment. If it is not a secret, "
                f"add it to {get_variable_name('not_secret')}.",
            )
    if default_deferrable and "deferrable" not in settings.model_fields_set:
        return _inherit_deferrable(settings, default_deferrable)
    return settings


def _inherit_deferrable(settings: DeploymentSettings, value: str) -> DeploymentSettings:
    """Apply Airflow's own default without marking the setting as set."""
    try:
        deferrable = parse_boolean(value)
    except ValueError as error:
        name, key = "__".join(("AIRFLOW", *DEFAULT_DEFERRABLE)).upper(), DEFAULT_DEFERRABLE[1]
        raise DeploymentError(
            f"`{key}` {error}, found {value!r}",
            f"Airflow's setting `[{DEFAULT_DEFERRABLE[0]}] {key}`, or {name}",
            f"Correct it, for example: {name}=true.",
        ) from None
    values = {**dict(settings), "deferrable": deferrable}
    return DeploymentSettings.model_construct(_fields_set=settings.model_fields_set, **values)


def _accepts_empty(key: str) -> bool:
    return DeploymentSettings.model_fields[key].json_schema_extra is EMPTY_COUNTS


def get_variable_name(key: str) -> str:
    """Return the environment variable of a setting."""
    return _VARIABLE_PREFIX + key.upper()
