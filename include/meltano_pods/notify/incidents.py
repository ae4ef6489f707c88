"""Stores which notifications were sent, for later processes.

A failed try stores its notification and its recipients as an XCom: Airflow calls the callback of a
task in the task's process, but that of the DAG in the DAG processor, which must not repeat the
notification and cannot see the exception.

A failing DAG has an incident, so that the run that ends the failure can report the recovery. The
states of earlier runs do not suffice: a failed task that is cleared succeeds in the same run, and
manual runs have no order of logical dates. An incident is an Airflow variable. Airflow's state
stores do not fit (3.3.2): they belong to a task of one run or to an asset, and the DAG processor,
which calls a DAG's callbacks, reads and writes variables but no state store.

An error of Airflow's API is raised; the notifiers log it and send what they can.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from airflow.sdk import Variable

from meltano_pods.names import build_variable_key
from meltano_pods.notify.notification import Incident, Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

_XCOM = "meltano_pods_notification"
_DESCRIPTION = (
    "Kept by Meltano Pods until this DAG's recovery is sent; see docs/how-to/notifications.md"
)


def get_variable_key(dag_id: str) -> str:
    """Return the key of the variable of a failing DAG."""
    return build_variable_key("meltano_pods.failing.", dag_id)


def read_incident(dag_id: str) -> Incident | None:
    """Return the reported failures of a DAG; None if it is not failing."""
    text = Variable.get(get_variable_key(dag_id), default=None)
    # Somebody may have edited it; whatever it contains, the DAG had failed.
    with suppress(ValueError, TypeError):
        return None if text is None else Incident(**json.loads(text))
    return Incident("unknown", 1, "")


def record_failure(dag_id: str, run_id: str, task_id: str | None, now: str) -> None:
    """Record that a failed run was reported; one that failed again after clearing counts once.

    Args:
        dag_id: The DAG.
        run_id: The run.
        task_id: The task that failed; None where that is not known.
        now: The time, ISO 8601.
    """
    known = read_incident(dag_id)
    if known is None:
        known = Incident(now, 1, run_id)
    elif known.last_run_id != run_id:
        known = replace(known, failed_runs=known.failed_runs + 1, last_run_id=run_id)
    if task_id is not None:
        known = replace(known, tasks=sorted({*known.tasks, task_id}))
    text = json.dumps(asdict(known))
    Variable.set(get_variable_key(dag_id), text, description=_DESCRIPTION)


def close_incident(dag_id: str) -> None:
    """Record that the recovery was sent."""
    Variable.delete(get_variable_key(dag_id))


def store_notification(ti: Any, notification: Notification, sent: Sequence[str]) -> None:  # noqa: ANN401 - Airflow's
    """Record the notification of a failed try and the recipients that received it."""
    ti.xcom_push(key=_XCOM, value={"notification": notification.as_dict(), "sent": list(sent)})


def read_notification(ti: Any) -> tuple[Notification | None, list[str]]:  # noqa: ANN401 - Airflow's
    """Return what `store_notification` recorded; nothing if it recorded none."""
    kept = ti.xcom_pull(task_ids=ti.task_id, key=_XCOM, map_indexes=ti.map_index)
    if not kept:
        return None, []
    return Notification.from_dict(kept["notification"]), list(kept["sent"])
