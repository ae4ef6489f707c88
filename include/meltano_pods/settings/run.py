"""How Meltano runs: its run options, which a manual run may change, and environment variables."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from meltano_pods.settings.types.env import AirflowEnv, Env, NotSecret
from meltano_pods.settings.types.run_options import Flag, StateIdSuffix, Streams

# One invocation of Meltano may run several plugins, and these options apply to all of them.
_WHOLE_TASK: dict[str, Any] = {"not_at": ["plugin"]}


class RunOptions(BaseModel):
    """How Meltano runs a task."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    full_refresh: Flag = Field(
        default=False,
        examples=[True],
        description="Whether to ignore the saved state and move all records again: true or false.",
        json_schema_extra=_WHOLE_TASK,
    )
    refresh_catalog: Flag = Field(
        default=False,
        examples=[True],
        description=(
            "Whether to discover the streams again instead of using Meltano's cached catalog: true "
            "or false. A full refresh does this, too."
        ),
        json_schema_extra=_WHOLE_TASK,
    )
    no_state_update: Flag = Field(
        default=False,
        examples=[True],
        description=(
            "Whether to run without the state: true or false. Meltano then neither reads nor saves "
            "it, so all records move."
        ),
        json_schema_extra=_WHOLE_TASK,
    )
    select_filter: Streams = Field(
        default=(),
        examples=[["orders"]],
        description=(
            "Which of the selected streams to move: a list of patterns such as `orders`, "
            "`public-*` or `!*_raw` (`*` and `?` are wildcards, `!` excludes streams). With "
            "several taps, prefix the tap: `tap-shop:orders`. It replaces the extractor's own "
            "`select_filter`. Empty: the extractor's own."
        ),
        json_schema_extra=_WHOLE_TASK,
    )
    state_id_suffix: StateIdSuffix = Field(
        default=None,
        examples=["repair-7"],
        description=(
            "Suffix of the state ids, which gives a run a separate bookmark: 1 to 63 letters, "
            "digits, dots, dashes and underscores. `dev:tap-a-to-target-b` becomes "
            "`dev:tap-a-to-target-b:SUFFIX`, replacing the environment's own `state_id_suffix`; a "
            "schedule `daily` of extractor and loader becomes `daily:SUFFIX`. None: no suffix."
        ),
        json_schema_extra=_WHOLE_TASK,
    )
    state_strategy: Literal["auto", "merge", "overwrite"] = Field(
        default="auto",
        examples=["merge"],
        description=(
            "How a new state is combined with the saved one: `auto` (Meltano's default: merged "
            "after a full refresh, else overwritten), `merge` or `overwrite`."
        ),
        json_schema_extra=_WHOLE_TASK,
    )
    log_level: Literal["debug", "info", "warning", "error"] | None = Field(
        default=None,
        examples=["debug"],
        description=(
            "Log level of Meltano and the plugins: `debug`, `info`, `warning` or `error`. None: "
            "MELTANO_CLI_LOG_LEVEL in the run's environment, else `info`."
        ),
        json_schema_extra=_WHOLE_TASK,
    )


_OPTIONS = tuple(RunOptions.model_fields)


class RunSettings(RunOptions, defer_build=True):
    """The run options, and settings of runs that are not parameters."""

    allowed_environments: tuple[Annotated[str, Field(min_length=1, max_length=250)], ...] = Field(
        default=(),
        examples=[["staging"]],
        description=(
            "Meltano environments that a manual run may choose besides its own: a list of names "
            "under `environments` whose settings do not differ from those of its own. Empty: none, "
            "and the trigger form does not offer the choice."
        ),
        json_schema_extra={"not_at": ["environment", "plugin", "task"]},
    )
    backfill_state: Literal["own", "shared"] = Field(
        default="own",
        examples=["shared"],
        description=(
            "State of the runs of an Airflow backfill: `own` (a separate bookmark for each run, "
            "which starts without state) or `shared` (that of the scheduled runs, which the "
            "backfill then changes; one run of a task at a time)."
        ),
        json_schema_extra=_WHOLE_TASK,
    )

    @property
    def run_options(self) -> RunOptions:
        """The options that are also parameters of a run."""
        return RunOptions(**{name: getattr(self, name) for name in _OPTIONS})


class VariableSettings(BaseModel, defer_build=True):
    """Environment variables of a run."""

    env: Env = Field(
        default_factory=dict,
        examples=[{"REGION": "eu-west-1"}],
        description=(
            "Environment variables of the runs: a map of names to plain values, never secrets. "
            "Values may contain Airflow templates, except those that read connections or variables "
            "(use `airflow_env`). Levels merge name by name. Empty: none."
        ),
    )
    airflow_env: AirflowEnv = Field(
        default_factory=dict,
        examples=[{"TAP_SHOP_PASSWORD": {"connection": "shop", "field": "password"}}],
        description=(
            "Environment variables of the run that are filled from Airflow connections and "
            "variables when it starts: a map of names to `{connection: ID, field: FIELD}` or "
            "`{variable: ID}`. Fields: `uri` (default), `host`, `port`, `login`, `password`, "
            "`schema`, `extra`, or `extra.KEY`; a JSON variable may have a `key`. A pod gets them "
            "from a Secret that is deleted with it. Levels merge name by name. Empty: none."
        ),
    )
    not_secret: NotSecret = Field(
        default=(),
        examples=[["TAP_SHOP_KEY"]],
        description=(
            "Variables that hold no secret although their names or values look like one: a list of "
            "names. `env` then accepts them, and logs show them. Levels add to the list. Empty: "
            "none."
        ),
    )
