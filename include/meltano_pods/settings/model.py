"""Every setting with its type, default, unit, meaning of None and bounds.

The reference page is generated from this model, so a field's description is its documentation.
`not_at` names the levels where a setting makes no sense and is refused.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field

from meltano_pods.settings.pods import PodSettings
from meltano_pods.settings.run import RunSettings, VariableSettings
from meltano_pods.settings.scheduling import OrderSettings
from meltano_pods.settings.types.assets import Assets
from meltano_pods.settings.types.checks import Checks
from meltano_pods.settings.types.durations import Duration
from meltano_pods.settings.types.notify import Notify
from meltano_pods.settings.types.scalars import Link, Name, StartDate, Timezone, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

Tag = Annotated[str, Field(min_length=1, max_length=100)]

# A plugin takes part in several DAGs, and a task in one that has others: neither can say when, or
# how, a whole DAG runs.
_WHOLE_DAG: dict[str, Any] = {"not_at": ["plugin", "task"]}


class Settings(VariableSettings, PodSettings, RunSettings, OrderSettings):
    """What annotations under `meltano_pods` may say."""

    # Its bases, and the models of its values, defer their schemas, which would be built twice.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=False)

    environment: Name | None = Field(
        default=None,
        examples=["prod"],
        description=(
            "Meltano environment of the runs: a name under `environments`. None: the variable "
            "MELTANO_ENVIRONMENT of Airflow, else the one that Meltano takes by itself: "
            "MELTANO_ENVIRONMENT in the project's `.env`, else `default_environment` of "
            "meltano.yml."
        ),
        json_schema_extra={"not_at": ["environment", "plugin", "task"]},
    )
    description: Annotated[str, Field(min_length=1, max_length=10_000)] | None = Field(
        default=None,
        examples=["Orders of the shop"],
        description=(
            "What the DAG or task is for, which Airflow shows with it: Markdown; its first line is "
            "the DAG's description in lists. None: what it runs."
        ),
        json_schema_extra={"not_at": ["project", "environment", "plugin"]},
    )
    owner: Name | None = Field(
        default=None,
        examples=["data-team"],
        description="Owner that Airflow shows. None: Airflow's `[operators] default_owner`.",
    )
    owner_link: Link | None = Field(
        default=None,
        examples=["https://example.com/data-team"],
        description=(
            "Where the owner's name leads in Airflow: an address that begins with `https://` or "
            "`mailto:`. None: nowhere."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    tags: tuple[Tag, ...] = Field(
        default=(),
        examples=[["finance"]],
        description=(
            "Tags of the DAG beside those it always has (project, extractors, loaders): a list of "
            "strings of 1 to 100 characters. Empty: no further ones."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    start_date: StartDate | None = Field(
        default=None,
        examples=["2026-01-31"],
        description=(
            "First moment to schedule for: a date (`2026-01-31`) or a date and time, in `timezone` "
            "where it names no offset. None: the schedule's own `start_date` in meltano.yml; "
            "without that from the latest interval on, which Airflow runs as soon as the DAG is "
            "unpaused, and `catchup` has nothing to catch up."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    timezone: Timezone = Field(
        default="UTC",
        examples=["Europe/Berlin"],
        description=(
            "Time zone in which cron expressions are read: an IANA name such as `Europe/Berlin`."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    catchup: bool = Field(
        default=False,
        examples=[True],
        description=(
            "Whether to run every interval since `start_date` that has not run: true or false. "
            "Singer taps go on from their bookmark, so one run usually catches up alone."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    retries: Annotated[WholeNumber, Field(ge=0, le=100)] = Field(
        default=2,
        examples=[3],
        description=(
            "How often a failed task is tried again: a whole number, 0 to 100. Failures that a "
            "retry cannot mend are not retried."
        ),
    )
    retry_delay: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=1))] = Field(
        default=timedelta(minutes=5),
        examples=["5m"],
        description=(
            "Wait before the first retry; it doubles with each: seconds or a duration such as "
            "`90s`, `5m`, `2h30m`; 0 to 24h."
        ),
    )
    max_retry_delay: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = Field(
        default=None,
        examples=["1h"],
        description=(
            "The longest wait before a retry, however often it doubled: seconds or a duration such "
            "as `1h`, at least 1s. None: Airflow's `[core] max_task_retry_delay`, a day."
        ),
    )
    run_timeout: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = Field(
        default=None,
        examples=["2h30m"],
        description=(
            "How long a run may take before it is stopped, its state saved: seconds or a duration "
            "such as `2h30m`, at least 1s. None: as long as it takes."
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
            "Who is told of failures and recoveries: a map of `email` (addresses), `slack` and "
            "`webhook` (ids of Airflow connections), each one or a list, and `events`, a list of "
            "`failure`, `recovery` and `retry`; without it the first two. Levels merge key by key, "
            "after AIRFLOW__MELTANO_PODS__NOTIFY; null tells nobody by this way. Empty: as that "
            "variable says, else nobody. docs/how-to/notifications.md has more."
        ),
        json_schema_extra=_WHOLE_DAG,
    )
    assets: Assets = Field(
        default=True,
        examples=[{"uri": "s3://bucket/{stream}"}],
        description=(
            "Whether runs have events of Airflow's assets, by which other DAGs can be scheduled: "
            "true, false, or a map with `uri`, a pattern of the URIs of streams in which "
            "`{project}`, `{environment}`, `{extractor}`, `{loader}`, `{stream}` and `{table}` "
            "stand for names, such as `postgres://host:5432/db/schema/{table}`. True: "
            "`x-meltano://{project}/{environment}/{loader}/{stream}`. docs/how-to/assets.md has "
            "more."
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
"""The settings by name; looked up here once, since pydantic computes it at each access."""
DEFAULTS = Settings()
"""The settings of a project that says nothing."""


def levels_refused(key: str) -> list[str]:
    """Return the levels at which `key` is refused."""
    extra: Any = FIELDS[key].json_schema_extra or {}
    return list(extra.get("not_at", ()))
