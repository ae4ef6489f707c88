"""Checks Airflow and its settings, without a cluster or a database."""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from meltano_pods.cli.doctor.finding import ERROR, NOTE, WARNING, Finding, build_ok
from meltano_pods.missing import PROVIDER, PROVIDER_REQUIREMENT, install_command
from meltano_pods.names import pluralize
from meltano_pods.plan.state_place import identify_database
from meltano_pods.settings.deployment.read import find_misspelled_variables
from meltano_pods.settings.types.execution import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.types.execution import ExecutionMode
    from meltano_pods.tasks.deployment import Deployment

_HEARTBEAT = 1


def find_versions() -> dict[str, str]:
    """Return the versions of Airflow and its Kubernetes provider that are installed here."""
    found = {}
    for name in ("apache-airflow-core", PROVIDER):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_min_heartbeat() -> int | None:
    """Return `[workers] min_heartbeat_interval`; None without Airflow."""
    if importlib.util.find_spec("airflow") is None:
        return None
    from airflow.sdk.configuration import conf  # noqa: PLC0415 - takes seconds

    return int(conf.getint("workers", "min_heartbeat_interval", fallback=5))


def check_airflow(
    deployment: Deployment, installed: Mapping[str, str], interval: int | None, *, pods: bool
) -> Iterator[Finding]:
    """Check the installed versions and Airflow's settings.

    Args:
        deployment: The deployment.
        installed: Versions by package.
        interval: `[workers] min_heartbeat_interval`, in seconds; None without Airflow.
        pods: Whether any task runs as a pod.
    """
    core = installed.get("apache-airflow-core")
    if core is None:
        yield Finding(NOTE, "airflow", "Airflow is not installed here")
        return
    if int(core.split(".")[0]) < 3:  # noqa: PLR2004
        yield Finding(ERROR, "airflow", f"Airflow is {core}", "Upgrade to Airflow 3.3 or later.")
    else:
        yield build_ok("airflow", f"Airflow {core}")
    if not pods:
        return
    if PROVIDER not in installed:
        yield Finding(
            ERROR, "airflow", "Airflow's Kubernetes provider, which tasks as pods need, is missing",
            f"Add `{PROVIDER_REQUIREMENT}` to the requirements.txt of Airflow's image, or install "
            f"it here: `{install_command(PROVIDER_REQUIREMENT)}`.",
        )  # fmt: skip
    deferred = deployment.settings.deferrable
    if deferred and interval is not None and interval > _HEARTBEAT:
        yield Finding(
            WARNING, "airflow", f"`[workers] min_heartbeat_interval` is {interval}: Airflow "
            "may mark a deferred task that ends quickly as failed",
            "Set AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1.",
        )  # fmt: skip


def check_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Find variables that look like settings of Meltano Pods but have an unknown name."""
    for name, meant in find_misspelled_variables(environment).items():
        yield Finding(
            WARNING, "variables", f"nothing reads the variable `{name}`", f"Did you mean `{meant}`?"
        )


def describe_state(
    tasks: Sequence[TaskPlan], *, execution_mode: ExecutionMode
) -> Iterator[Finding]:
    """Describe where tasks keep their state, and what that means for concurrent runs.

    Args:
        tasks: The tasks.
        execution_mode: How they run.
    """
    internal = [task for task in tasks if task.state_ids and task.settings.state != "backend"]
    external = [task for task in tasks if task.state_ids and task.settings.state == "backend"]
    guarded = [task for task in external if identify_database(task) is not None]
    external = [task for task in external if identify_database(task) is None]
    if internal:
        keep = (
            f"{pluralize(len(internal), 'task')} {'keeps' if len(internal) == 1 else 'keep'} state"
        )
        of = " of MELTANO_DATABASE_URI" if execution_mode == KUBERNETES else ""
        yield Finding(
            NOTE, "state", f"{keep} in the system database{of}; Meltano rejects concurrent runs of "
            "one state id, and for 5 minutes after a run was killed any run of its state id",
        )  # fmt: skip
    if guarded:
        yield Finding(
            NOTE, "state", f"state of {pluralize(len(guarded), 'task')}: in a backend (`state`), "
            "and a system database rejects a second run of the same state id",
        )  # fmt: skip
    if external:
        yield Finding(
            NOTE, "state", f"state of {pluralize(len(external), 'task')}: in a backend (`state`); "
            "the last of concurrent runs of one state id overwrites the others' bookmark",
            "Do not run the same state id elsewhere at the same time.",
        )  # fmt: skip
