"""Builds the environment of a run's process from its worker's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.contract.environment import GRACE_SECONDS, RESULT_FILE

from meltano_pods.settings.deployment.values import PROJECT
from meltano_pods.tasks.airflow_env import build_masking_variables, find_secret_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from meltano_pods.settings.types.env import AirflowSource

# Airflow's configuration, connections, variables and the channel to its supervisor: secrets of the
# deployment, which a plugin must not see.
_AIRFLOW = re.compile(r"_*AIRFLOW(_|$).*")
# These point Python at Airflow's packages; Meltano has its own.
_PYTHON = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "_"})


def build_run_environment(
    worker: Mapping[str, str],
    task: Mapping[str, str],
    *,
    defaults: Mapping[str, str],
    project: Path,
    environment: str | None,
) -> dict[str, str]:
    """Return the environment of a run: the worker's without Airflow's, with the task's.

    Args:
        worker: The Airflow worker's environment.
        task: The task's variables, which take precedence.
        defaults: The deployment's, for variables that the worker lacks; `{project}` in a value is
            replaced with the project's name.
        project: The project's folder.
        environment: Meltano environment; None leaves the choice to Meltano.
    """
    kept = {
        name: value
        for name, value in worker.items()
        if name not in _PYTHON and not _AIRFLOW.fullmatch(name)
    }
    for name, value in defaults.items():
        kept.setdefault(name, value.replace(PROJECT, project.name))
    # Set, not left to the working directory: the worker's environment may name another project.
    kept["MELTANO_PROJECT_ROOT"] = str(project)
    if environment is not None:
        kept["MELTANO_ENVIRONMENT"] = environment
    return {**kept, **task}


def build_task_variables(
    env: Mapping[str, str],
    values: Mapping[str, str],
    sources: Mapping[str, AirflowSource],
    not_secret: Collection[str],
) -> dict[str, str]:
    """Return a task's variables, with those that tell the runner which of them to mask.

    Args:
        env: Its plain variables.
        values: What Airflow holds for it.
        sources: Where that is.
        not_secret: Names of variables that hold no secret.
    """
    masking = build_masking_variables(env, find_secret_names(sources, not_secret), not_secret)
    return {**env, **masking, **values}


def build_contract_variables(result_file: Path, grace_seconds: float) -> dict[str, str]:
    """Return the variables that tell the runner where and how to report.

    Temporary files are in the result's folder, which is always removed: they include plugins'
    configuration with secrets.
    """
    return {
        RESULT_FILE: str(result_file),
        GRACE_SECONDS: f"{grace_seconds:g}",
        "TMPDIR": str(result_file.parent),
    }
