"""Judges the pools of Airflow that tasks take slots of: a task of a missing one never starts."""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.cli.doctor.finding import FAULT, NOTE, Finding, ok
from meltano_pods.names import counted, listed, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.plan import TaskPlan

_SQLITE = "sqlite:///"
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as Airflow has it.

    Attributes:
        slots: How many; -1 for any number.
        counts_deferred: Whether a deferred task keeps its slot.
    """

    slots: int
    counts_deferred: bool


def pools_here() -> dict[str, Pool] | None:
    """Return the pools of the Airflow whose database is configured here; None without one."""
    if importlib.util.find_spec("airflow") is None:
        return None
    from airflow.sdk.configuration import conf  # noqa: PLC0415 - takes seconds

    address = conf.get("database", "sql_alchemy_conn", fallback="") or ""
    # Airflow's command would make the file.
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


def judge_pools(tasks: Sequence[TaskPlan], pools: Mapping[str, Pool] | None) -> Iterator[Finding]:
    """Yield what is found of the pools that tasks name.

    Args:
        tasks: All that are planned.
        pools: Those there are, by name; None where that cannot be told.
    """
    # A task that takes turns is in its `state_pool`, whatever `pool` says.
    turns = {task.pool for task in tasks if task.pool and task.pool == task.settings.state_pool}
    named = {task.pool for task in tasks if task.pool}
    if pools is None:
        if named:
            commands = [_command(each, of_turns=each in turns) for each in sorted(named)]
            yield Finding(
                NOTE, "pools", f"tasks take slots of: {listed(named)}; Airflow's database is not "
                "at hand to look for them",
                "Run `meltano-pods doctor` where Airflow runs, or see `airflow pools list`. To "
                f"make them: {', '.join(commands)}.",
            )  # fmt: skip
        return
    wrong = False
    for name in sorted(named):
        what, fix = _fault(name, pools, of_turns=name in turns)
        if what:
            wrong = True
            yield Finding(FAULT, "pools", what, fix)
    if named and not wrong:
        yield ok("pools", f"tasks take slots of: {listed(named)}")


def _fault(name: str, pools: Mapping[str, Pool], *, of_turns: bool) -> tuple[str, str]:
    command = _command(name, of_turns=of_turns)
    pool = pools.get(name)
    if pool is None:
        near = suggestion(name, pools)
        return f"there is no pool `{name}`: its tasks never start", f"{near}Make it: {command}."
    if pool.slots == 0:
        return f"the pool `{name}` has no slots: its tasks never start", f"Give it some: {command}."
    if of_turns and pool.slots != 1:
        has = "any number of slots" if pool.slots < 0 else counted(pool.slots, "slot")
        return (
            f"the pool `{name}` has {has}: tasks that write one state can run in parallel",
            f"Give it one: {command}.",
        )
    if of_turns and not pool.counts_deferred:
        what = (
            f"the pool `{name}` does not count deferred tasks: one that waits for its pod gives "
            "its slot away, and another writes the same state"
        )
        return what, f"Let it count them: {command}."
    return "", ""


def _command(name: str, *, of_turns: bool) -> str:
    """Return what makes or mends a pool."""
    name = shlex.quote(name)
    if of_turns:
        return f"`airflow pools set {name} 1 'Take turns' --include-deferred`"
    return f"`airflow pools set {name} 4 ''` (as many slots as tasks may run at once)"
