"""Judges Airflow's settings and this machine; needs no cluster and no database."""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from meltano_pods.cli.doctor.finding import FAULT, NOTE, WARNING, Finding, ok
from meltano_pods.missing import PROVIDER, PROVIDER_REQUIREMENT, install_command
from meltano_pods.names import counted
from meltano_pods.plan.state_place import database_of
from meltano_pods.settings.deployment.read import find_misspelled_variables
from meltano_pods.settings.types.execution import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.types.execution import ExecutionMode
    from meltano_pods.tasks.deployment import Deployment

_HEARTBEAT = 1


def versions() -> dict[str, str]:
    """Return the versions of what is installed here."""
    found = {}
    for name in ("apache-airflow-core", PROVIDER):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def heartbeat() -> int | None:
    """Return `[workers] min_heartbeat_interval`; None without Airflow."""
    if importlib.util.find_spec("airflow") is None:
        return None
    from airflow.sdk.configuration import conf  # noqa: PLC0415 - takes seconds

    return int(conf.getint("workers", "min_heartbeat_interval", fallback=5))


def judge_airflow(
    deployment: Deployment, installed: Mapping[str, str], interval: int | None, *, pods: bool
) -> Iterator[Finding]:
    """Yield what is found.

    Args:
        deployment: The deployment.
        installed: Versions by name of package.
        interval: `[workers] min_heartbeat_interval`, in seconds; None where there is no Airflow.
        pods: Whether any task is a pod.
    """
    core = installed.get("apache-airflow-core")
    if core is None:
        yield Finding(NOTE, "airflow", "Airflow is not installed here")
        return
    if int(core.split(".")[0]) < 3:  # noqa: PLR2004
        yield Finding(FAULT, "airflow", f"Airflow is {core}", "Upgrade to Airflow 3.3 or later.")
    else:
        yield ok("airflow", f"Airflow {core}")
    if not pods:
        return
    if PROVIDER not in installed:
        yield Finding(
            FAULT, "airflow", "tasks are pods, but Airflow's Kubernetes provider is not installed",
            f"Add `{PROVIDER_REQUIREMENT}` to the requirements.txt of Airflow's image, or install "
            f"it here: `{install_command(PROVIDER_REQUIREMENT)}`.",
        )  # fmt: skip
    deferred = deployment.settings.deferrable
    if deferred and interval is not None and interval > _HEARTBEAT:
        yield Finding(
            WARNING, "airflow", f"`[workers] min_heartbeat_interval` is {interval}: a deferred "
            "task may be marked as failed when it ends quickly",
            "Set AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1.",
        )  # fmt: skip


def judge_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield variables that look like settings of ours and that nobody reads."""
    for name, meant in find_misspelled_variables(environment).items():
        yield Finding(
            WARNING, "variables", f"`{name}` is read by nobody", f"Did you mean `{meant}`?"
        )


def judge_state(tasks: Sequence[TaskPlan], *, execution_mode: ExecutionMode) -> Iterator[Finding]:
    """Yield where tasks keep their state, and what that means.

    Args:
        tasks: Those that keep one.
        execution_mode: How they run.
    """
    own = [task for task in tasks if task.state_ids and task.settings.state != "backend"]
    external = [task for task in tasks if task.state_ids and task.settings.state == "backend"]
    guarded = [task for task in external if database_of(task) is not None]
    external = [task for task in external if database_of(task) is None]
    if own:
        keep = f"{counted(len(own), 'task')} {'keeps' if len(own) == 1 else 'keep'} state"
        of = " of MELTANO_DATABASE_URI" if execution_mode == KUBERNETES else ""
        yield Finding(
            NOTE, "state", f"{keep} in the system database{of}; Meltano rejects concurrent runs of "
            "one state id, and any for 5 minutes after a kill",
        )  # fmt: skip
    if guarded:
        yield Finding(
            NOTE, "state", f"state of {counted(len(guarded), 'task')}: in a backend (`state`), "
            "beside a system database that rejects a second run of one state id",
        )  # fmt: skip
    if external:
        yield Finding(
            NOTE, "state", f"state of {counted(len(external), 'task')}: in a backend (`state`); "
            "of two runs of one state id at once the later one's bookmark would stay",
            "Let nobody run the same state id elsewhere at the same time.",
        )  # fmt: skip
