"""Stops a real run at a random moment and looks at what it left: `python -m tests.runner.faults`.

For each moment: a slow run of many rows is signalled, the saved state is held against the output,
and a second run resumes from there. Used by the tests with a few moments, by itself with twenty.
"""

from __future__ import annotations

import argparse
import math
import random
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.runner.pipeline import Pipeline, repeated

STATE_ID = "faults"
EL = ("tap-csv", "target-jsonl", "--state-id", STATE_ID)


@dataclass(frozen=True)
class Fault:
    """What one interrupted run and the run after it left.

    Attributes:
        after: Seconds into the run.
        drained: Rows in the output when all processes of the interrupted run had ended.
        bookmark: Rows the saved state counted as done then.
        repeated: Rows that were in the output twice after the second run.
        missing: Rows that were not in it.
        error: Why the second run failed, if it did.
    """

    after: float
    drained: int
    bookmark: int
    repeated: int
    missing: int
    error: str | None

    def __str__(self) -> str:
        return (
            f"after {self.after:5.1f} s: {self.drained:7,} rows written, state at "
            f"{self.bookmark:7,}; next run: {self.repeated:7,} repeated, {self.missing:,} missing"
            f"{'' if self.error is None else f', failed: {self.error}'}"
        )


def interrupt(pipeline: Pipeline, command: str, signum: int, after: float) -> tuple[int, int]:
    """Signal a run after some seconds; return rows written and rows in the state."""
    arguments = ("run", *EL) if command == "meltano-runner" else ("el", *EL)
    process = pipeline.start(command, *arguments)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    process.send_signal(signum)
    process.wait(120)
    pipeline.wait_until_over()
    return len(pipeline.numbers()), pipeline.bookmark(STATE_ID)


def fault(command: str, signum: int, rows: int, after: float) -> Fault:
    """Do one experiment in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder))
        pipeline.write_rows(rows)
        drained, bookmark = interrupt(pipeline, command, signum, after)
        # A killed run leaves its mark in Meltano's database for 5 minutes; `--force` goes past it.
        result = pipeline.run(*EL, "--force")
        numbers = pipeline.numbers()
        missing = rows - len(set(numbers))
        return Fault(after, drained, bookmark, repeated(numbers), missing, result.error)


def seconds_of_a_whole_run(rows: int) -> float:
    """Return how long the pipeline takes here, so that moments fall on all of it."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder))
        pipeline.write_rows(rows)
        return pipeline.run(*EL).seconds


def moments(count: int, longest: float, seed: int) -> list[float]:
    """Return random moments, the same for the same seed.

    One in each part of the run. Later parts are shorter: at first, nothing is moved yet.
    """
    chance = random.Random(seed)  # noqa: S311 - a spread of moments, no secret
    return [
        max(0.2, longest * math.sqrt((part + chance.random()) / count)) for part in range(count)
    ]


def main() -> int:
    """Print every experiment and the sums."""
    parser = argparse.ArgumentParser(prog="python -m tests.runner.faults")
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    longest = seconds_of_a_whole_run(options.rows)
    print(f"a whole run: {longest:.1f} s")
    for command, signum in (
        ("meltano-runner", signal.SIGTERM),
        ("meltano", signal.SIGTERM),
        ("meltano-runner", signal.SIGKILL),
        ("meltano", signal.SIGKILL),
    ):
        print(f"{command}, {signum.name}, {options.rows:,} rows", flush=True)
        found = []
        for after in moments(options.moments, longest, options.seed):
            found.append(fault(command, signum, options.rows, after))
            print(f"  {found[-1]}", flush=True)
        print(
            f"  state ahead of the output: {sum(f.bookmark > f.drained for f in found)}, "
            f"state behind it: {sum(f.bookmark < f.drained for f in found)}, "
            f"runs with repeated rows: {sum(f.repeated > 0 for f in found)}, "
            f"with missing rows: {sum(f.missing > 0 for f in found)}, "
            f"next run failed: {sum(f.error is not None for f in found)}; of {len(found)}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
