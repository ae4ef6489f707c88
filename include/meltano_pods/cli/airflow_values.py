"""What Airflow holds for a run that the command line starts."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

from meltano_pods.tasks.airflow_values import read_airflow_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.cli.asked import Asked

_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
"""By it Airflow's own commands let connections also come from Airflow's database."""


def airflow_values(asked: Asked) -> dict[str, str]:
    """Return the values of a task's `airflow_env`, as an Airflow with this configuration has them.

    Raises:
        ValuesMissingError: A connection, a variable or a field is not there.
    """
    settings = asked.task.settings
    if not settings.airflow_env:
        return {}
    with _like_airflows_commands():
        return read_airflow_values(settings.airflow_env, settings.not_secret)


@contextmanager
def _like_airflows_commands() -> Iterator[None]:
    before = os.environ.get(_CONTEXT)
    os.environ[_CONTEXT] = "server"
    # A database that is not there is no error: Airflow then knows what its environment says.
    quiet = io.StringIO()
    try:
        with redirect_stdout(quiet), redirect_stderr(quiet):
            yield
    finally:
        if before is None:
            del os.environ[_CONTEXT]
        else:
            os.environ[_CONTEXT] = before
