"""The settings, each with its type, default, unit, bounds and the meaning of None.

The reference page is generated from this model: the description of a field is its documentation.
`not_at` lists the levels at which a setting is not allowed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from meltano_runner.contract.environment import STALL_SECONDS
from pydantic import ConfigDict, Field

from meltano_pods.settings.pods import PodSettings
from meltano_pods.settings.run import RunSettings, VariableSettings
from meltano_pods.settings.scheduling import SchedulingSettings
from meltano_pods.settings.types.assets import Assets
from meltano_pods.settings.types.checks import Checks
from meltano_pods.settings.types.durations import Duration
from meltano_pods.settings.types.notify import Notify, describe_channels
from meltano_pods.settings.types.scalars import Link, Name, StartDate, Timezone, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

Tag = Annotated[str, Field(min_length=1, max_length=100)]

# Settings of the DAG as a whole: a plugin may be part of several DAGs, a task is part of one.
_WHOLE_DAG: dict[str, Any] = {"not_at": ["plugin", "task"]}


class Settings(VariableSettings, PodSettings, RunSettings, SchedulingSettings):
    """The settings under `annotations: meltano_pods:`."""

    # Its bases, and the models of its values, defer their schemas, which would be built twice.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=False)

    environment: Name | None = Field(
        default=None,
        examples=["prod"],
        description=(
            "Meltano environment of the runs: a name under `environments`. None: Airflow's "
            "variable MELTANO_ENVIRONMENT, else the environment that Meltano selects: "
            "MELTANO_ENVIRONMENT in the project's `.env`, else `default_environment` in "
            "meltano.yml."
        ),
        json_schema_extra={"not_at": ["environment", "plugin", "task"]},
    )
    description: Annotated[str, Field(min_length=1, max_length=10_000)] | None = Field(
        default=None,
        examples=["Orders of the shop"],
        description=(
            "Description of the DAG or task in the Airflow UI, in Markdown. Its first line is the "
            "description in the list of DAGs. None: the plugins that it runs."
        ),
        json_schema_extra={"not_at": ["project", "environment", "plugin"]},
    )
    owner: Name | None = Field(
        default=None,
        examples=["data-team"],
        description="Owner in the Airflow UI. None: Airflow's `[operators] default_owner`.",
    )
    owner_link: Link | None = Field(
        default=None,
        examples=["https://example.com/data-team"],
        description=(
            "Link of the owner's name in the Airflow UI: an address that begins with `https://` or "
            "`mailto:`. None: no link."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    tags: tuple[Tag, ...] = Field(
        default=(),
        examples=[["finance"]],
        description=(
            "Tags of the DAG in addition to the default ones (project, extractors, loaders): a "
            "list of strings of 1 to 100 characters. Empty: only the default ones."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    start_date: StartDate | None = Field(
        default=None,
        examples=["2026-01-31"],
        description=(
            "Start of the first interval to schedule: a date (`2026-01-31`), or a date and time, "
            "in `timezone` if it has no offset. None: the schedule's own `start_date` in "
            "meltano.yml; if it has none, scheduling starts with the latest interval, which "
            "Airflow runs when the DAG is unpaused, and `catchup` has no effect."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    timezone: Timezone = Field(
        default="UTC",
        examples=["Europe/Berlin"],
        description="Time zone of cron expressions: an IANA name such as `Europe/Berlin`.",
        json_schema_extra=_WHOLE_DAG,
    )
    catchup: bool = Field(
        default=False,
        examples=[True],
        description=(
            "Whether to run all intervals since `start_date` that have not run: true or false. "
            "Singer taps resume from their bookmark, so one run usually loads all of them."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    retries: Annotated[WholeNumber, Field(ge=0, le=100)] = Field(
        default=2,
        examples=[3],
        description=(
            "Number of retries of a failed task: a whole number, 0 to 100. Failures that a retry "
            "cannot fix are not retried."
        ),
    )
    retry_delay: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=1))] = Field(
        default=timedelta(minutes=5),
        examples=["5m"],
        description=(
            "Wait before the first retry; it doubles with each retry: seconds or a duration such "
            "as `90s`, `5m`, `2h30m`; 0 to 24h."
        ),
    )
    max_retry_delay: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = Field(
        default=None,
        examples=["1h"],
        description=(
            "Longest wait before a retry: seconds or a duration such as `1h`, at least 1s. None: "
            "Airflow's `[core] max_task_retry_delay`, a day."
        ),
    )
    run_timeout: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = Field(
        default=None,
        examples=["2h30m"],
        description=(
            "Time after which a run is stopped and its state saved: seconds or a duration such as "
            "`2h30m`, at least 1s. None: no limit."
        ),
    )
    stall_timeout: Annotated[Duration, Field(ge=timedelta(0))] = Field(
        default=timedelta(seconds=STALL_SECONDS),
        examples=["30m"],
        description=(
            "Time without any activity (a line of output, records, state, CPU time) after which a "
            "run is stopped and its state saved: seconds or a duration such as `30m`; `0`: no "
            "limit."
        ),
    )
    termination_grace_period: Annotated[
        Duration, Field(ge=timedelta(seconds=5), le=timedelta(hours=1))
    ] = Field(
        default=timedelta(seconds=120),
        examples=["2m"],
        description=(
            "How long a run may take after a stop request to load what it has read and save the "
            "state, before it is killed: seconds or a duration such as `2m`, 5s to 1h. It is the "
            "pod's `terminationGracePeriodSeconds`."
        ),
    )
    notify: Notify = Field(
        default_factory=dict,
        examples=[{"slack": "slack_data"}],
        description=(
            "Recipients of notifications of failures and recoveries: a map of "
            f"{describe_channels()}, each one or a list, and `events`, a list of `failure`, "
            "`recovery` and `retry`; by default the first two. Levels merge key by key, over "
            "AIRFLOW__MELTANO_PODS__NOTIFY; null removes a channel. Empty: the recipients in that "
            "variable, else none. See docs/how-to/notifications.md."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    assets: Assets = Field(
        default=True,
        examples=[{"uri": "s3://bucket/{stream}"}],
        description=(
            "Whether runs emit events of Airflow assets, on which other DAGs can be scheduled: "
            "true, false, or a map with `uri`, a pattern for the URIs of streams with the "
            "placeholders `{project}`, `{environment}`, `{extractor}`, `{loader}`, `{stream}` and "
            "`{table}`, such as `postgres://host:5432/db/schema/{table}`. True: "
            "`x-meltano://{project}/{environment}/{loader}/{stream}`. See docs/how-to/assets.md."
        ),
    )
    checks: Checks = Field(
        default_factory=dict,
        examples=[{"min_records": 1}],
        description=(
            "Checks of a run's result: a map of `min_records` (a number), `max_age` of the newest "
            "bookmark (a duration) and `schema_change` (`warn` or `fail`), and of `streams`, with "
            "the same checks for each stream. A check takes its bound, or `warn` and `fail` with "
            "a bound each. `missing_records` is `fail`, `warn` or `ignore`. Levels merge key by "
            "key; null removes a check. Empty: only that the target read all records that the tap "
            "sent, where both counts are known. See docs/how-to/checks.md."
        ),
    )


FIELDS: Mapping[str, FieldInfo] = Settings.model_fields
"""The settings by name, looked up once because pydantic computes them at each access."""
DEFAULTS = Settings()
"""The settings of a project that sets none."""


def get_excluded_levels(key: str) -> list[str]:
    """Return the levels at which `key` is not allowed."""
    extra: Any = FIELDS[key].json_schema_extra or {}
    return list(extra.get("not_at", ()))
