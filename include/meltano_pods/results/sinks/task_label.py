"""The label of a task instance in the Airflow UI: what the run did, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import describe_counts
from meltano_pods.results.options import LABEL
from meltano_pods.results.sinks.xcom import describe_warnings

if TYPE_CHECKING:
    from meltano_runner.contract.run_record import RunRecord

    from meltano_pods.results.sinks import Target

_MAX_LENGTH = 250  # characters that Airflow stores


def set_label(record: RunRecord, target: Target) -> None:
    """Put the label where the task's `map_index_template` finds it."""
    if target.airflow is not None:
        label = (_describe(record) + describe_warnings(record))[:_MAX_LENGTH]
        target.airflow.context[LABEL] = label  # type: ignore[literal-required] # an extra key


def _describe(record: RunRecord) -> str:
    result = record.result
    known = result.extracted is not None or result.loaded is not None
    parts = [describe_counts(result.extracted, result.loaded)] if known else []
    records = "; ".join([*parts, *(command.describe() for command in result.dbt)])
    if record.category is None:
        return records
    return f"{record.category.value}, {records}" if records else record.category.value
