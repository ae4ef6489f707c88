"""A task that the command line runs, and the values that Airflow holds for it."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.tasks.airflow_env import read_airflow_values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from meltano_pods.plan import TaskPlan
    from meltano_pods.pods.spec.build import RunSpec
    from meltano_pods.tasks.deployment import Deployment

_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
"""Airflow's own commands set it, so that connections can also come from Airflow's database."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One task to run.

    Attributes:
        root: The Airflow project's folder.
        folder: The Meltano project's folder.
        digest: The project's digest.
        dag_id: The task's DAG.
        task: The task's plan.
        spec: What the plan and the options of the command line run.
        deployment: Where it runs.
    """

    root: Path
    folder: Path
    digest: str
    dag_id: str
    task: TaskPlan
    spec: RunSpec
    deployment: Deployment

    def read_airflow_values(self) -> dict[str, str]:
        """Return the values of the task's `airflow_env` from the Airflow configured here.

        Raises:
            ValuesMissingError: A connection, a variable or a field does not exist.
        """
        settings = self.task.settings
        if not settings.airflow_env:
            return {}
        with _act_as_airflow_command():
            return read_airflow_values(settings.airflow_env, settings.not_secret)


@contextmanager
def _act_as_airflow_command() -> Iterator[None]:
    before = os.environ.get(_CONTEXT)
    os.environ[_CONTEXT] = "server"
    # A missing database is not an error: connections can come from environment variables alone.
    quiet = io.StringIO()
    try:
        with redirect_stdout(quiet), redirect_stderr(quiet):
            yield
    finally:
        if before is None:
            del os.environ[_CONTEXT]
        else:
            os.environ[_CONTEXT] = before
