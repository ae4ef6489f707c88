"""A task whose run has ended, as its operator hands it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import Logger


@dataclass(frozen=True, slots=True)
class Ended:
    """A task whose run has ended.

    Attributes:
        task: The task, which Airflow asks for its outlets when it has succeeded.
        context: Airflow's.
        log: The task's log.
        where: Command and project, for the message of a failure.
        environment: Meltano environment in which the run took place; None for none.
    """

    task: BaseOperator
    context: Context
    log: Logger
    where: str
    environment: str | None

    @property
    def tries(self) -> str:
        """Which try this is, in words."""
        ti = self.context["ti"]
        return f"this was try {ti.try_number} of {ti.max_tries + 1}"
