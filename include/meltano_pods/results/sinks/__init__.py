"""Consumers of run records.

A sink is a function of a record and a target. `publish` calls sinks in a fixed order. An error in
one is logged, and changes neither the outcome of the run nor the other sinks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import BaseOperator, Context
    from meltano_runner.contract.run_record import RunRecord

    from meltano_pods.results.options import Reporting


class Log(Protocol):
    """The part of a logger that sinks use."""

    def info(self, msg: str, /, *args: object) -> object:
        """Write one line at INFO."""

    def warning(self, msg: str, /, *args: object) -> object:
        """Write one line at WARNING."""


@dataclass(frozen=True, slots=True)
class AirflowTask:
    """The Airflow task that a run belongs to.

    Attributes:
        operator: The task, whose outlets Airflow reads once it has succeeded.
        context: Its context.
    """

    operator: BaseOperator
    context: Context


@dataclass(frozen=True, slots=True)
class Target:
    """Where a record goes.

    Attributes:
        reporting: What the task's settings say about it.
        log: The task's log.
        airflow: The Airflow task; None for a run that the command line started.
    """

    reporting: Reporting
    log: Log
    airflow: AirflowTask | None = None


class Sink(Protocol):
    """Consumes a record."""

    def __call__(self, record: RunRecord, target: Target, /) -> None:
        """Consume a record; may raise any exception."""


def publish(record: RunRecord, target: Target, sinks: Mapping[str, Sink]) -> None:
    """Pass a record to each sink, in this order.

    Args:
        record: What is known about the run.
        target: Where it goes.
        sinks: By the name that a warning uses.
    """
    for name, sink in sinks.items():
        try:
            sink(record, target)
        except Exception as error:  # noqa: BLE001 - whatever a sink raises, the run has ended
            target.log.warning(
                "Could not report the run (%s): %s: %s", name, type(error).__name__, error
            )
