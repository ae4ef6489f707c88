"""Buttons on a task's page in the Airflow UI: to its pod's stored log, and to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class PodLogLink(BaseOperatorLink):
    """Leads to the pod's stored log, if the deployment sets `pod_log_url`."""

    name = "Pod log"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the address; empty without a pod."""
        address: str = getattr(operator, "pod_log_address", "")
        return address


class ResultLink(BaseOperatorLink):
    """Leads to the task's XComs: its result with records, bookmarks and state id."""

    name = "Result and state"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the address in Airflow itself."""
        base = conf.get("api", "base_url", fallback="").rstrip("/")
        page = f"{base}/dags/{ti_key.dag_id}/runs/{ti_key.run_id}/tasks/{ti_key.task_id}"
        index = ti_key.map_index
        mapped = "" if index is None or index < 0 else f"/mapped/{index}"
        return f"{page}{mapped}/xcom"
