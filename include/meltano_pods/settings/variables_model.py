"""The settings of a run's environment variables."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from meltano_pods.settings.airflow_env import check_airflow_env, check_not_secret
from meltano_pods.settings.shapes import AIRFLOW_SOURCES, NAMES, VARIABLES
from meltano_pods.settings.values import check_environment


class AirflowSource(BaseModel):
    """Where in Airflow a value is: a field of a connection, or a variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str | None = None
    field: str | None = None
    variable: str | None = None
    key: str | None = None


class VariableSettings(BaseModel):
    """Environment variables of a run."""

    env: Annotated[dict[str, str], BeforeValidator(check_environment), VARIABLES] = Field(
        default_factory=dict,
        examples=[{"REGION": "eu-west-1"}],
        description=(
            "Environment variables of the runs: a map of names to plain values, never secrets; "
            "Airflow's templates work in values, but for those that read connections or variables "
            "(use `airflow_env`). Levels merge name by name. Empty: none."
        ),
    )
    airflow_env: Annotated[
        dict[str, AirflowSource], BeforeValidator(check_airflow_env), AIRFLOW_SOURCES
    ] = Field(
        default_factory=dict,
        examples=[{"TAP_SHOP_PASSWORD": {"connection": "shop", "field": "password"}}],
        description=(
            "Environment variables of the run that Airflow's connections and variables fill when "
            "it starts: a map of names to `{connection: ID, field: FIELD}` or `{variable: ID}`. "
            "Fields: `uri` (default), `host`, `port`, `login`, `password`, `schema`, `extra`, or "
            "`extra.KEY`; a variable that is JSON may have a `key`. A pod gets them by a Secret "
            "that is deleted with it. Levels merge name by name. Empty: none."
        ),
    )
    not_secret: Annotated[tuple[str, ...], BeforeValidator(check_not_secret), NAMES] = Field(
        default=(),
        examples=[["TAP_SHOP_KEY"]],
        description=(
            "Variables that hold no secret, though their names or values look like it: a list of "
            "names. `env` then accepts them, and logs show them. Levels add to it. Empty: none."
        ),
    )
