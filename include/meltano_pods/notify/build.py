"""Makes notices, of what Airflow and the run's exception say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowTaskTimeout
from meltano_runner.contract import CATEGORIES, Category

from meltano_pods.diagnosis import RunFailedError
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.names import counted
from meltano_pods.notify.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_runner.contract import RunResult

    from meltano_pods.notify.notice import TaskTry, Trouble

_MAX_ERROR = 1500
_MAX_FOREIGN_ERROR = 300
_MAX_STREAMS = 20


def failure_notice(
    event: str, task: TaskTry, error: BaseException | None, mask: Callable[[str], str]
) -> Notice:
    """Return the notice of a failure.

    Args:
        event: `failure`, or `retry` for one that is not yet final.
        task: The task that failed.
        error: What it raised; None where its process was killed.
        mask: Hides the secrets that this process knows.
    """
    notice = _of(event, task)
    if error is None:
        notice = _of_killed(notice)
    elif isinstance(error, RunFailedError):
        notice = _of_run(notice, error)
    elif isinstance(error, MeltanoPodsError):
        where = f"where: {error.where}"
        notice = replace(notice, summary=error.what, error=where, hint=error.fix)
    else:
        notice = _of_foreign(notice, error)
    return _masked(notice, mask)


def recovery_notice(
    task: TaskTry, result: RunResult | None, trouble: Trouble, mask: Callable[[str], str]
) -> Notice:
    """Return the notice of the end of a failure.

    Args:
        task: The task that succeeded last.
        result: What it did, where that is known.
        trouble: What had been told.
        mask: Hides the secrets that this process knows.
    """
    count = trouble.failed_runs
    notice = replace(
        _of("recovery", task),
        summary=f"The run succeeded, after {counted(count, 'failed run')}.",
        failed_since=trouble.since,
        failed_runs=count,
        look=(),
    )
    return _masked(notice if result is None else replace(notice, **_moved(result)), mask)


def _of(event: str, task: TaskTry) -> Notice:
    return Notice(
        event=event,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        try_number=task.try_number,
        tries=task.tries,
        log_url=task.log_url,
        look=task.look,
    )


def _of_killed(notice: Notice) -> Notice:
    return replace(
        notice,
        category=Category.UNKNOWN.value,
        summary="The task ended without a word: it was killed, its worker was lost, or somebody "
        "marked it failed.",
        hint="Look at the end of the task's log, and at the worker: its memory, and whether it was "
        "shut down. The next run goes on from the saved state.",
    )


def _of_run(notice: Notice, error: RunFailedError) -> Notice:
    failure = error.failure
    return replace(
        notice,
        category=error.category.value,
        summary=CATEGORIES[error.category].summary,
        plugin=failure.result.failed_plugin,
        error=_cut(failure.result.error, _MAX_ERROR),
        kubernetes=failure.kubernetes,
        hint=error.fix,
        pod=failure.pod,
        look=failure.look,
        **_moved(failure.result),
    )


def _of_foreign(notice: Notice, error: BaseException) -> Notice:
    # Others' errors are in the log. What more they hold (answers of servers, arguments) does not
    # belong where many people read.
    first = (str(error).strip().splitlines() or [""])[0]
    late = isinstance(error, AirflowTaskTimeout)
    return replace(
        notice,
        category=(Category.TIMED_OUT if late else Category.UNKNOWN).value,
        summary="The task failed outside of the run.",
        error=_cut(f"{type(error).__name__}: {first}".rstrip(": "), _MAX_FOREIGN_ERROR),
        hint="Read the task's log.",
    )


def _moved(result: RunResult) -> dict[str, Any]:
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


def _masked(notice: Notice, mask: Callable[[str], str]) -> Notice:
    def hide(text: str | None) -> str | None:
        return None if text is None else mask(text)

    return replace(
        notice,
        summary=mask(notice.summary),
        error=hide(notice.error),
        kubernetes=hide(notice.kubernetes),
        hint=hide(notice.hint),
        streams=tuple(
            {**stream, "bookmark": hide(stream["bookmark"])} for stream in notice.streams
        ),
    )


def _cut(text: str | None, length: int) -> str | None:
    if text is None or len(text) <= length:
        return text
    return text[: length - 3] + "..."
