"""Runs steps, each timed and with one line; a failure shows the step and how to continue."""

from __future__ import annotations

import fcntl
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from tools.cluster.errors import ClusterError
from tools.cluster.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: What it brings about, as a person reads it.
        run: Does it, unless it is done already, and says in a few words what it found or did.
    """

    name: str
    run: Callable[[Shell], str]


@contextmanager
def alone(folder: Path, out: Callable[[str], object] = sys.stdout.write) -> Iterator[None]:
    """Wait until no other command uses the same cluster, and make others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            out(f"Waiting for another command on the cluster {folder.name} ...\n")
            sys.stdout.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_steps(
    steps: Iterable[Step],
    logs: Path,
    *,
    command: str,
    diagnose: Callable[[], str] = str,
    out: Callable[[str], object] = sys.stdout.write,
) -> bool:
    """Run steps in order until one fails; True if none did.

    Args:
        steps: What to do.
        logs: Folder for a log of each step.
        command: What a person types to go on after a failure.
        diagnose: Says what the cluster looks like after a failure; empty if there is none.
        out: Where to write.
    """
    began = monotonic()
    for number, step in enumerate(steps, start=1):
        log = logs / f"{number:02d}-{step.name.lower().replace(' ', '-')}.log"
        log.unlink(missing_ok=True)
        out(f"{step.name} ...\n")
        sys.stdout.flush()
        started = monotonic()
        try:
            answer = step.run(Shell(log))
        except ClusterError as error:
            out(f"  FAILED after {monotonic() - started:.1f} s: {step.name}\n\n{error}\n")
            if found := diagnose():
                out(f"\n{found}\n")
            out(f"\nComplete output: {log}\nTo continue with this step, run `{command}` again.\n")
            return False
        out(f"  {monotonic() - started:5.1f} s  {answer}\n")
    out(f"  {monotonic() - began:5.1f} s  in all\n")
    return True
