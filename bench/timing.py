"""Times two commands in turn, so that a machine whose speed drifts treats both alike."""

from __future__ import annotations

import resource
import statistics
import subprocess
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """Seconds of a command and of its baseline, pair by pair."""

    ours: tuple[float, ...]
    baseline: tuple[float, ...]

    def __str__(self) -> str:
        ratios = [a / b for a, b in zip(self.ours, self.baseline, strict=True)]
        extra = [a - b for a, b in zip(self.ours, self.baseline, strict=True)]
        return (
            f"ours {_spread(self.ours)} s, baseline {_spread(self.baseline)} s, "
            f"ratio {_spread(ratios)}, difference {_spread(extra)} s "
            f"(median [least, most] of {len(ratios)} pairs)"
        )


def on_the_processor() -> float:
    """Return the processor seconds of this process and its ended children: others do not count."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def in_turn(
    ours: Callable[[], None],
    baseline: Callable[[], None],
    runs: int,
    clock: Callable[[], float] = perf_counter,
) -> Pair:
    """Time both `runs` times after one run of each that does not count."""
    seconds: dict[Callable[[], None], list[float]] = {ours: [], baseline: []}
    for number in range(runs + 1):
        for action, taken in seconds.items():
            began = clock()
            action()
            if number:
                taken.append(clock() - began)
    return Pair(tuple(seconds[ours]), tuple(seconds[baseline]))


def quiet(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
    """Run a command to its end; its output is shown only if it fails."""
    ended = subprocess.run(
        command, cwd=directory, env=dict(environment), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(
            f"{command} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        )


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"
