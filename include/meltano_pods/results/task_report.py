"""Builds the record of a run in every execution mode, and passes it to the sinks.

Notifications are sinks of their own: only Airflow knows whether it retries, so it calls them, with
the exception that carries the record (`meltano_pods.notify`).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.result import Outcome
from meltano_runner.contract.run_record import RunRecord, TaskIdentity

from meltano_pods.failures import build_error
from meltano_pods.results.checks import evaluate_checks
from meltano_pods.results.datasets import list_datasets
from meltano_pods.results.sinks import AirflowTask, Target, publish
from meltano_pods.results.sinks.summary_log import write_summary
from meltano_pods.results.sinks.xcom import push_xcoms, render_result
from meltano_pods.results.verdict import apply_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.sdk import BaseOperator, Context
    from meltano_runner.contract.result import RunResult
    from meltano_runner.contract.run_record import PodReport

    from meltano_pods.results.checks import Compared
    from meltano_pods.results.options import Reporting
    from meltano_pods.results.sinks import Log, Sink

_NOT_COMPARED = (
    "not checked: Airflow stores the columns of the last run, and Airflow did not start this run "
    "(schema_change)"
)


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What a launcher knows after a run has ended.

    Attributes:
        task: The task.
        result: What the run did.
        pod: What Kubernetes says about a failure; None for a run without a pod.
    """

    task: TaskIdentity
    result: RunResult
    pod: PodReport | None = None


def build_record(
    end: RunEnd,
    reporting: Reporting,
    compare: Callable[[], Compared],
    started_at: datetime | None = None,
) -> RunRecord:
    """Check the result of a run, and return everything that is known about it.

    Args:
        end: What the launcher knows.
        reporting: The task's options for results.
        compare: Compares its columns with those of the last run; called only if a check needs it.
        started_at: When the task started; None if that is not known.
    """
    checks = None
    if end.result.outcome is Outcome.SUCCEEDED:
        checks = evaluate_checks(reporting, end.result, compare)
    result = apply_checks(end.result, checks)
    return RunRecord(
        task=end.task,
        result=result,
        started_at=None if started_at is None else started_at.isoformat(),
        ended_at=datetime.now(UTC).isoformat(),
        checks=checks,
        datasets=list_datasets(reporting, end.task, result),
        pod=None if result.outcome is Outcome.SUCCEEDED else end.pod,
    )


def identify_task(
    context: Context, project: str, arguments: Sequence[str], environment: str | None
) -> TaskIdentity:
    """Return which task a run belongs to.

    Args:
        context: Airflow's.
        project: Name of the project.
        arguments: Those of the runner.
        environment: Meltano environment in which the run took place.
    """
    ti = context["ti"]
    return TaskIdentity(
        project=project,
        command=format_command(arguments),
        task_id=ti.task_id,
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        environment=environment,
        map_index=-1 if ti.map_index is None else ti.map_index,
        try_number=ti.try_number,
        max_tries=ti.max_tries + 1,
    )


def format_command(arguments: Sequence[str]) -> str:
    """Return the runner's command as typed in a shell."""
    return shlex.join(["meltano-runner", *arguments])


def finish_task(
    end: RunEnd,
    reporting: Reporting,
    operator: BaseOperator,
    context: Context,
    format_meltano: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Report a run of an Airflow task, and return what the task returns.

    Args:
        end: What the launcher knows.
        reporting: The task's options for results.
        operator: The task.
        context: Its context.
        format_meltano: As in `build_hint`.

    Raises:
        RunFailedError: The run failed or was stopped, or a check failed. What was loaded stays
            loaded.
    """
    # Imported here, because the command line reports without Airflow (1 s to import).
    from meltano_pods.results.column_store import AssetColumnStore  # noqa: PLC0415
    from meltano_pods.results.columns import compare_columns  # noqa: PLC0415
    from meltano_pods.results.sinks.asset_events import emit_asset_events  # noqa: PLC0415
    from meltano_pods.results.sinks.task_label import set_label  # noqa: PLC0415

    store = AssetColumnStore(context, reporting)
    started_at = context["ti"].start_date
    record = build_record(end, reporting, lambda: compare_columns(store, end.result), started_at)
    sinks: dict[str, Sink] = {
        "log": write_summary,
        "label": set_label,
        "XCom": push_xcoms,
        "asset events": emit_asset_events,
    }
    publish(record, Target(reporting, operator.log, AirflowTask(operator, context)), sinks)
    if not record.succeeded:
        # The message has the cause, and API responses are long.
        raise build_error(record, format_meltano) from None
    return render_result(record)


def finish_cli_run(end: RunEnd, reporting: Reporting, log: Log) -> RunRecord:
    """Report a run that the command line started, and return its record."""
    record = build_record(end, reporting, lambda: ({}, [_NOT_COMPARED]))
    publish(record, Target(reporting, log), {"log": write_summary})
    return record
