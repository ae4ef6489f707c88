"""Reports a run that the command line started."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.run_record import TaskIdentity

from meltano_pods.failures import build_error
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_pods.results import build_reporting
from meltano_pods.results.sinks.xcom import render_result
from meltano_pods.results.task_report import RunEnd, finish_cli_run, format_command

if TYPE_CHECKING:
    from meltano_runner.contract.result import RunResult
    from meltano_runner.contract.run_record import PodReport

    from meltano_pods.cli.run_request import RunRequest
    from meltano_pods.errors import RunError
    from meltano_pods.tasks.relay import Log


def build_run_end(request: RunRequest, result: RunResult, pod: PodReport | None = None) -> RunEnd:
    """Return a run that has ended, with the identity of its task.

    Args:
        request: What ran.
        result: What the run did.
        pod: What Kubernetes says about a failure.
    """
    task = TaskIdentity(
        project=request.folder.name,
        command=format_command(request.spec.arguments),
        task_id=request.task.task_id,
        dag_id=request.dag_id,
        environment=request.spec.environment,
    )
    return RunEnd(task, result, pod)


def report_run(
    request: RunRequest, end: RunEnd, log: Log
) -> tuple[dict[str, Any], RunError | None]:
    """Check a run, log what it did, and return it as data, with its error if it failed."""
    record = finish_cli_run(end, build_reporting(request.task, request.folder.name), log)
    data = render_result(record, None)
    if record.succeeded:
        return data, None
    return data, build_error(record, partial(build_meltano_command, request.folder))
