"""The content of a notification, which is the same for every channel.

It contains what the runner reported (with redacted errors), the reason that Kubernetes reported,
and Airflow's ids. It never contains environment variables or rendered fields.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskTry:
    """The task instance that a notification is about, in Airflow's terms.

    Attributes:
        dag_id: The DAG.
        run_id: Its run.
        task_id: The task; None where only the run is known.
        try_number: Counted from 1.
        tries: How many there can be.
        log_url: The task's log in Airflow.
        look: Commands to find what the task left behind.
    """

    dag_id: str
    run_id: str
    task_id: str | None = None
    try_number: int | None = None
    tries: int | None = None
    log_url: str | None = None
    look: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """Reported failures of a DAG whose recovery was not sent yet.

    Attributes:
        since: When the first was reported, ISO 8601.
        failed_runs: How many runs have failed since.
        last_run_id: The latest of them.
        tasks: The tasks that failed.
    """

    since: str
    failed_runs: int
    last_run_id: str
    tasks: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification. Its fields are the webhook's JSON, as shown in docs/how-to/notifications.md.

    Attributes:
        version: Of this schema; it changes when a field changes its meaning or is removed.
        event: `failure`, `retry` or `recovery`.
        dag_id: The DAG.
        run_id: Its run.
        task_id: The task; None where Airflow names none.
        try_number: Counted from 1.
        tries: How many tries the task has.
        category: Why it failed; None without a failure and for errors of the deployment.
        summary: What happened, in a sentence.
        plugin: The plugin that failed.
        error: Its error.
        kubernetes: The reason that Kubernetes reported, verbatim.
        hint: How to fix it.
        extracted: Records that the taps reported, as far as the run came; None where none did.
        loaded: Records that the targets reported; None where one reports none.
        streams: `stream`, `extracted`, `loaded` and `bookmark` of each, the largest first.
        streams_omitted: The number of streams that did not fit.
        seconds: Wall time of the run; None if it never began.
        pod: `namespace/name`.
        look: Commands to inspect what is left.
        log_url: The task's log in Airflow.
        failed_since: When the first of the failures before a recovery was reported; ISO 8601.
        failed_runs: How many runs have failed since.
    """

    version: int = VERSION
    event: str
    dag_id: str
    run_id: str
    task_id: str | None = None
    try_number: int | None = None
    tries: int | None = None
    category: str | None = None
    summary: str = ""
    plugin: str | None = None
    error: str | None = None
    kubernetes: str | None = None
    hint: str | None = None
    extracted: int | None = None
    loaded: int | None = None
    streams: Sequence[Mapping[str, Any]] = ()
    streams_omitted: int = 0
    seconds: float | None = None
    pod: str | None = None
    look: Sequence[str] = ()
    log_url: str | None = None
    failed_since: str | None = None
    failed_runs: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self) | {"streams": list(self.streams), "look": list(self.look)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(**data)
