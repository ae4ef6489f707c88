"""Stores the columns of a pipeline's last run in Airflow's asset state store.

The value belongs to the asset of the pipeline, one of the task's outlets, and survives a cleared
task. XComs would not do: a task that is cleared loses them, and clearing is how a person accepts a
change. The task state store would not do either: it belongs to one DAG run.

If the store cannot be reached, or the task has no assets, `ColumnStoreError` says why. Callers turn
that into a warning, and never fail a run that has loaded its rows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import Asset

from meltano_pods.results.uris import Uris

if TYPE_CHECKING:
    from airflow.sdk import Context
    from meltano_runner.contract.result import PipelineResult

    from meltano_pods.results.options import Reporting

Columns = dict[str, dict[str, str]]
"""Types by name of column, by stream."""

_PREFIX = "meltano_pods.columns."
_MAX_KEY = 512


class ColumnStoreError(Exception):
    """The store cannot be used; the message has the reason."""


class ColumnStore(Protocol):
    """Keeps the columns of pipelines between runs."""

    def load(self, pipeline: PipelineResult) -> Columns:
        """Return the saved columns; empty if there are none.

        Raises:
            ColumnStoreError: The store cannot be read.
        """

    def save(self, pipeline: PipelineResult, columns: Columns) -> None:
        """Replace the saved columns.

        Raises:
            ColumnStoreError: The store cannot be written.
        """


class AssetColumnStore:
    """Keeps the columns in the state store of each pipeline's asset.

    Args:
        context: Of the task.
        reporting: What its settings say.
    """

    def __init__(self, context: Context, reporting: Reporting) -> None:
        self._stores: Any = context.get("asset_state_store") or {}
        self._uris = Uris(reporting.project, reporting.environment)

    def load(self, pipeline: PipelineResult) -> Columns:
        """Return the saved columns; empty if there are none.

        Raises:
            ColumnStoreError: The store cannot be read.
        """
        store = self._find(pipeline)
        try:
            data = store.get(build_key(pipeline))
        except Exception as error:
            raise ColumnStoreError(f"Airflow's asset state store: {error}") from error
        # Anyone with access to the asset may have changed it.
        items = data.items() if isinstance(data, dict) else ()
        return {name: each for name, each in items if isinstance(each, dict)}

    def save(self, pipeline: PipelineResult, columns: Columns) -> None:
        """Replace the saved columns.

        Raises:
            ColumnStoreError: The store cannot be written.
        """
        store = self._find(pipeline)
        try:
            store.set(build_key(pipeline), columns)
        except Exception as error:
            raise ColumnStoreError(f"Airflow's asset state store: {error}") from error

    def _find(self, pipeline: PipelineResult) -> Any:  # noqa: ANN401 - Airflow's accessor
        # The planned asset: that of another environment is not among the task's outlets.
        asset = Asset(self._uris.build_pipeline_uri(pipeline.tap, str(pipeline.target)))
        try:
            return self._stores[asset]
        except KeyError:
            raise ColumnStoreError(
                f"the task has no asset {asset.uri} to keep them with, see the setting `assets`"
            ) from None


def build_key(pipeline: PipelineResult) -> str:
    """Return the key of a pipeline's columns: one for each state id."""
    key = _PREFIX + (pipeline.state_id or "")
    if len(key) <= _MAX_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return f"{key[: _MAX_KEY - len(digest) - 1]}-{digest}"
