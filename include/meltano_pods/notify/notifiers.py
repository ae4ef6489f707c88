"""The notifiers that Airflow calls.

A task's callbacks run in the task's own process, with the exception at hand, after the last try.
If that process was killed they do not run at all, or in the DAG processor without the exception;
the DAG's callback always runs there, once Airflow has marked the run as failed. So a task sends its
notifications itself if it can, and the DAG's notifier sends what is missing: all of them, or those
to recipients that could not be reached.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier
from airflow.sdk._shared.secrets_masker import redact
from meltano_runner.contract.result import ResultError, RunResult

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.notify import incidents
from meltano_pods.notify.build import build_failure_notification, build_recovery_notification
from meltano_pods.notify.notification import TaskTry
from meltano_pods.parameters.choices import ONLY_TASKS
from meltano_pods.tasks.operator import MeltanoOperator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow.sdk import Context

    from meltano_pods.notify.notification import Notification
    from meltano_pods.notify.recipients import Recipient


class _Notifier(BaseNotifier):
    """Notifies recipients one after another; one that cannot be reached does not affect the others.

    Args:
        recipients: The recipients.
    """

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        super().__init__()
        self.recipients = tuple(recipients)

    def _send(
        self, context: Context, notification: Notification, sent: Sequence[str] = ()
    ) -> Iterator[str]:
        """Send to all recipients that were not notified yet, and yield each that was reached."""
        for recipient in self.recipients:
            if recipient.label in sent:
                continue
            try:
                # Imported here, because the providers' clients take up to a second to import.
                channel = import_module(f"meltano_pods.notify.channels.{recipient.channel}")
                channel.send(recipient, notification, context)
            except Exception:
                self.log.exception("Could not send the notification to %s", recipient.label)
            else:
                self.log.info("Sent the notification to %s", recipient.label)
                yield recipient.label


class _FailureNotifier(_Notifier):
    """Reports a final failure.

    Args:
        recipients: The recipients.
        record: Whether to record the failure, so that its recovery is sent as well.
    """

    def __init__(self, recipients: Sequence[Recipient], *, record: bool) -> None:
        super().__init__(recipients)
        self.record = record

    def _record(self, context: Context) -> None:
        if not self.record:
            return
        task = describe_try(context)
        now = datetime.now(UTC).isoformat("T", "seconds")
        try:
            incidents.record_failure(task.dag_id, task.run_id, task.task_id, now)
        except Exception:
            self.log.exception("Could not record the failure: its recovery will not be sent")


class TaskFailed(_FailureNotifier):
    """For a task's `on_failure_callback`."""

    def notify(self, context: Context) -> None:
        """Report the failure, unless this is not the task's own process: see `RunFailed`."""
        error = context.get("exception")
        if not isinstance(error, BaseException):
            return
        notification = build_failure_notification("failure", describe_try(context), error, _mask)
        sent: list[str] = []
        self._store(context, notification, sent)
        for label in self._send(context, notification):
            sent.append(label)
            self._store(context, notification, sent)
        if sent:
            self._record(context)

    def _store(self, context: Context, notification: Notification, sent: Sequence[str]) -> None:
        try:
            incidents.store_notification(context["ti"], notification, sent)
        except Exception:
            # A repeated notification is better than none.
            self.log.exception("Could not record who received the notification")


class RunFailed(_FailureNotifier):
    """For a DAG's `on_failure_callback`."""

    def notify(self, context: Context) -> None:
        """Report the failure to recipients that the failed task did not reach."""
        notification, sent = self._read_stored(context)
        notification = notification or build_failure_notification(
            "failure", describe_try(context), None, _mask
        )
        if list(self._send(context, notification, sent)) and not sent:
            self._record(context)

    def _read_stored(self, context: Context) -> tuple[Notification | None, list[str]]:
        ti = context.get("ti")
        try:
            return (None, []) if ti is None else incidents.read_notification(ti)
        except Exception:
            self.log.exception("Could not read who received the notification")
            return None, []


class TaskRetried(_Notifier):
    """For a task's `on_retry_callback`."""

    def notify(self, context: Context) -> None:
        """Report a failure that Airflow will retry."""
        error = context.get("exception")
        cause = error if isinstance(error, BaseException) else None
        list(
            self._send(
                context, build_failure_notification("retry", describe_try(context), cause, _mask)
            )
        )


class RunRecovered(_Notifier):
    """For a DAG's last task that succeeded or was skipped, or for a DAG that has several."""

    def notify(self, context: Context) -> None:
        """Report that the DAG works again, if its failure was reported.

        A run that skips the failed task does not show that.
        """
        task = describe_try(context)
        try:
            incident = incidents.read_incident(task.dag_id)
        except Exception:
            self.log.exception("Could not read whether a failure was reported")
            return
        if incident is None:
            return
        only = (context.get("params") or {}).get(ONLY_TASKS)
        if only and not set(incident.tasks) <= set(only):
            return
        notification = build_recovery_notification(
            task, _read_result(context.get("ti")), incident, _mask
        )
        if list(self._send(context, notification)):
            self._close(task.dag_id)

    def _close(self, dag_id: str) -> None:
        try:
            incidents.close_incident(dag_id)
        except Exception:
            # A repeated notification is better than none.
            self.log.exception("Could not record the recovery: it will be sent again")


def describe_try(context: Context) -> TaskTry:
    """Return the try of the task instance in Airflow's context."""
    dag, run_id, ti = context["dag"], context["run_id"], context.get("ti")
    if ti is None:
        return TaskTry(dag.dag_id, run_id)
    return TaskTry(
        dag_id=dag.dag_id,
        run_id=run_id,
        task_id=ti.task_id,
        try_number=ti.try_number,
        # The DAG processor knows of no limit.
        tries=max(ti.max_tries + 1, ti.try_number),
        log_url=ti.log_url,
        look=_list_pod_commands(context.get("task"), ti),
    )


def _list_pod_commands(operator: object, ti: Any) -> tuple[str, ...]:  # noqa: ANN401 - Airflow's
    # A pod may outlive its task, and only the operator knows how to find it.
    if not isinstance(operator, MeltanoOperator):
        return ()
    try:
        return tuple(operator.list_pod_commands(ti))
    except MeltanoPodsError:  # what the operator cannot read may be what failed
        return ()


def _read_result(ti: Any) -> RunResult | None:  # noqa: ANN401 - Airflow's
    if ti is None:
        return None
    try:
        return RunResult.from_dict(ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index))
    except ResultError:
        return None


def _mask(text: str) -> str:
    return str(redact(text))
