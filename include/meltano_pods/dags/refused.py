"""The task of a DAG that may not run, while the other DAGs of its file do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from meltano_runner.contract import Category, Outcome, RunResult

from meltano_pods.diagnosis import Failure, RunRefusedError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.errors import MeltanoPodsError


class RefusedOperator(BaseOperator):
    """Fails at once and says why.

    An import error would take all DAGs of the file out of the schedule; a DAG that is left out
    would be missed by nobody.

    Args:
        error: Why.
        **kwargs: Those of every Airflow operator.
    """

    def __init__(self, *, error: MeltanoPodsError, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.what, self.where, self.fix = error.what, str(error.where), error.fix

    def execute(self, context: Context) -> NoReturn:  # noqa: ARG002 - Airflow's signature
        """Raise the error, as a failure that no retry can mend.

        Raises:
            RunRefusedError: Always.
        """
        category = Category.CONFIG_INVALID
        result = RunResult(Outcome.FAILED, 1, category, error=f"{self.what}. {self.fix}")
        raise RunRefusedError(f"{category}: {self.what}", self.where, self.fix, Failure(result))
