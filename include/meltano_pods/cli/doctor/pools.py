"""Checks the Airflow pools of tasks. A task whose pool does not exist never starts."""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.cli.doctor.finding import ERROR, NOTE, Finding, build_ok
from meltano_pods.names import list_names, pluralize, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.plan import TaskPlan

_SQLITE = "sqlite:///"
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool in Airflow.

    Attributes:
        slots: Number of slots; -1 for unlimited.
        counts_deferred: Whether a deferred task keeps its slot.
    """

    slots: int
    counts_deferred: bool


def read_pools() -> dict[str, Pool] | None:
    """Return the pools of the Airflow whose database is configured here; None if there is none."""
    if importlib.util.find_spec("airflow") is None:
        return None
    from airflow.sdk.configuration import conf  # noqa: PLC0415 - takes seconds

    address = conf.get("database", "sql_alchemy_conn", fallback="") or ""
    # Airflow's command would create the file.
    if address.startswith(_SQLITE) and not Path(address.removeprefix(_SQLITE)).is_file():
        return None
    command = [sys.executable, "-m", "airflow", "pools", "list", "--output", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        return {
            each["pool"]: Pool(int(each["slots"]), str(each["include_deferred"]) == "True")
            for each in found
        }
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError):
        return None


def check_pools(tasks: Sequence[TaskPlan], pools: Mapping[str, Pool] | None) -> Iterator[Finding]:
    """Check the pools that tasks name.

    Args:
        tasks: All planned tasks.
        pools: The pools that exist; None if unknown.
    """
    # The setting `state_pool` has precedence over `pool`, and needs a single slot.
    exclusive = {task.pool for task in tasks if task.pool and task.pool == task.settings.state_pool}
    named = {task.pool for task in tasks if task.pool}
    if pools is None:
        if named:
            commands = [
                _format_command(each, exclusive=each in exclusive) for each in sorted(named)
            ]
            yield Finding(
                NOTE, "pools", f"tasks use these pools: {list_names(named)}; they are not checked, "
                "because Airflow's database cannot be reached from here",
                "Run `meltano-pods doctor` or `airflow pools list` where Airflow runs. To create "
                f"the pools: {', '.join(commands)}.",
            )  # fmt: skip
        return
    wrong = False
    for name in sorted(named):
        what, fix = _diagnose_pool(name, pools, exclusive=name in exclusive)
        if what:
            wrong = True
            yield Finding(ERROR, "pools", what, fix)
    if named and not wrong:
        yield build_ok("pools", f"tasks use these pools: {list_names(named)}")


def _diagnose_pool(name: str, pools: Mapping[str, Pool], *, exclusive: bool) -> tuple[str, str]:
    command = _format_command(name, exclusive=exclusive)
    pool = pools.get(name)
    if pool is None:
        near = suggest(name, pools)
        return f"there is no pool `{name}`: its tasks never start", f"{near}Create it: {command}."
    if pool.slots == 0:
        return f"the pool `{name}` has no slots: its tasks never start", f"Add slots: {command}."
    if exclusive and pool.slots != 1:
        has = "unlimited slots" if pool.slots < 0 else pluralize(pool.slots, "slot")
        return (
            f"the pool `{name}` has {has}: tasks that write the same state can run concurrently",
            f"Set it to one: {command}.",
        )
    if exclusive and not pool.counts_deferred:
        what = (
            f"the pool `{name}` does not count deferred tasks: while one waits for its pod, "
            "another can start and write the same state"
        )
        return what, f"Count them: {command}."
    return "", ""


def _format_command(name: str, *, exclusive: bool) -> str:
    """Return the command that creates or corrects a pool."""
    name = shlex.quote(name)
    if exclusive:
        return f"`airflow pools set {name} 1 'One at a time' --include-deferred`"
    return f"`airflow pools set {name} 4 ''` (as many slots as tasks may run at once)"
