"""DAGs that cannot run because of errors in their project, next to the others of their file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult
from meltano_runner.contract.run_record import RunRecord

from meltano_pods.failures import NonRetryableRunError
from meltano_pods.results.task_report import identify_task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from meltano_pods.errors import MeltanoPodsError

TASK_ID = "broken"


class BrokenDagOperator(BaseOperator):
    """Fails immediately with the errors of its project.

    An import error would remove all DAGs of the file from the schedule, and nobody would notice a
    missing DAG.

    Args:
        project: Name of the project.
        errors: Its errors, at least one.
        **kwargs: Those of every Airflow operator.
    """

    def __init__(
        self,
        *,
        project: str,
        errors: Sequence[MeltanoPodsError],
        **kwargs: Any,  # noqa: ANN401 - the base operator's
    ) -> None:
        # Nothing changes between two tries.
        super().__init__(retries=0, **kwargs)
        self.project = project
        self.errors = [
            {"what": each.what, "where": str(each.where), "fix": each.fix} for each in errors
        ]

    def execute(self, context: Context) -> NoReturn:
        """Raise the errors, as a failure that no retry can fix.

        Raises:
            NonRetryableRunError: Always.
        """
        first, *others = self.errors
        for each in others:
            self.log.error("%s\n  where: %s\n  fix: %s", each["what"], each["where"], each["fix"])
        what = first["what"] + (f" (and {len(others)} more, see above)" if others else "")
        category = Category.CONFIG_INVALID
        result = RunResult(Outcome.FAILED, 1, category, error=f"{what}. {first['fix']}")
        record = RunRecord(
            task=identify_task(context, self.project, (), None),
            result=result,
            started_at=None,
            ended_at=datetime.now(UTC).isoformat(),
        )
        raise NonRetryableRunError(f"{category}: {what}", first["where"], first["fix"], record)
