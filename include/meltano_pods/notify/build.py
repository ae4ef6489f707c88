"""Creates notifications from Airflow's context and the run's exception."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowTaskTimeout
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.run_record import PodReport

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.failures import RunFailedError
from meltano_pods.names import pluralize
from meltano_pods.notify.notification import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_runner.contract.result import RunResult

    from meltano_pods.notify.notification import Incident, TaskTry

_MAX_ERROR = 1500
_MAX_FOREIGN_ERROR = 300
_MAX_STREAMS = 20


def build_failure_notification(
    event: str, task: TaskTry, error: BaseException | None, mask: Callable[[str], str]
) -> Notification:
    """Return the notification of a failure.

    Args:
        event: `failure`, or `retry` for one that is not yet final.
        task: The task that failed.
        error: What it raised; None if its process was killed.
        mask: Hides the secrets that this process knows.
    """
    notification = _start_notification(event, task)
    if error is None:
        notification = _describe_killed(notification)
    elif isinstance(error, RunFailedError):
        notification = _describe_run(notification, error)
    elif isinstance(error, MeltanoPodsError):
        where = f"where: {error.where}"
        notification = replace(notification, summary=error.what, error=where, hint=error.fix)
    else:
        notification = _describe_other(notification, error)
    return _mask_texts(notification, mask)


def build_recovery_notification(
    task: TaskTry, result: RunResult | None, incident: Incident, mask: Callable[[str], str]
) -> Notification:
    """Return the notification of the end of a failure.

    Args:
        task: The task that succeeded last.
        result: What it did, if known.
        incident: The failures that were reported.
        mask: Hides the secrets that this process knows.
    """
    count = incident.failed_runs
    notification = replace(
        _start_notification("recovery", task),
        summary=f"The run succeeded, after {pluralize(count, 'failed run')}.",
        failed_since=incident.since,
        failed_runs=count,
        look=(),
    )
    return _mask_texts(
        notification if result is None else replace(notification, **_count_records(result)), mask
    )


def _start_notification(event: str, task: TaskTry) -> Notification:
    return Notification(
        event=event,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        try_number=task.try_number,
        tries=task.tries,
        log_url=task.log_url,
        look=task.look,
    )


def _describe_killed(notification: Notification) -> Notification:
    return replace(
        notification,
        category=Category.UNKNOWN.value,
        summary="The task process died without reporting an error: it was killed, its worker was "
        "lost, or somebody marked it as failed.",
        hint="Check the end of the task's log, and the worker: its memory, and whether it was "
        "shut down. The next run resumes from the saved state.",
    )


def _describe_run(notification: Notification, error: RunFailedError) -> Notification:
    result, pod = error.record.result, error.record.pod or PodReport()
    return replace(
        notification,
        category=error.category.value,
        summary=CATEGORIES[error.category].summary,
        plugin=result.failed_plugin,
        error=_truncate(result.error, _MAX_ERROR),
        kubernetes=pod.reason,
        hint=error.fix,
        pod=pod.name,
        look=pod.commands,
        **_count_records(result),
    )


def _describe_other(notification: Notification, error: BaseException) -> Notification:
    # Other errors are in the log. Their details (server responses, arguments) must not be sent to
    # many people.
    first = (str(error).strip().splitlines() or [""])[0]
    late = isinstance(error, AirflowTaskTimeout)
    return replace(
        notification,
        category=(Category.TIMED_OUT if late else Category.UNKNOWN).value,
        summary="The task failed outside the run.",
        error=_truncate(f"{type(error).__name__}: {first}".rstrip(": "), _MAX_FOREIGN_ERROR),
        hint="Read the task's log.",
    )


def _count_records(result: RunResult) -> dict[str, Any]:
    streams: list[dict[str, Any]] = [
        {
            "stream": stream.stream,
            "extracted": stream.extracted,
            "loaded": stream.loaded,
            "bookmark": stream.bookmark,
        }
        for pipeline in result.pipelines
        for stream in pipeline.streams
    ]
    streams.sort(key=lambda stream: -(stream["extracted"] or stream["loaded"] or 0))
    omitted = sum(pipeline.streams_omitted for pipeline in result.pipelines)
    return {
        "extracted": result.extracted,
        "loaded": result.loaded,
        "streams": tuple(streams[:_MAX_STREAMS]),
        "streams_omitted": omitted + len(streams[_MAX_STREAMS:]),
        "seconds": round(result.seconds, 1) if result.seconds or result.pipelines else None,
    }


def _mask_texts(notification: Notification, mask: Callable[[str], str]) -> Notification:
    def hide(text: str | None) -> str | None:
        return None if text is None else mask(text)

    return replace(
        notification,
        summary=mask(notification.summary),
        error=hide(notification.error),
        kubernetes=hide(notification.kubernetes),
        hint=hide(notification.hint),
        streams=tuple(
            {**stream, "bookmark": hide(stream["bookmark"])} for stream in notification.streams
        ),
    )


def _truncate(text: str | None, length: int) -> str | None:
    if text is None or len(text) <= length:
        return text
    return text[: length - 3] + "..."
