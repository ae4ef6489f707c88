"""Times parsing and the runner next to an earlier commit: `make bench-against COMMIT=...`."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.parse import MELTANO, PROJECT
from bench.timing import on_the_processor, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
# With a stand-in for Meltano that does nothing: what is left is the runner's own.
RUN = """\
import sys
sys.executable = sys.argv.pop(1)
from meltano_runner.cli import main
sys.exit(main(["run", "tap-a", "target-c"]))
"""


def main(commit: str, rounds: int = 12) -> None:
    """Print the least processor seconds of each phase in both trees, and their ratio.

    Args:
        commit: The earlier commit; it runs with the packages of this one.
        rounds: How often each is timed, in turn.
    """
    with tempfile.TemporaryDirectory() as work, _tree(commit, Path(work) / "tree") as earlier:
        project = Path(work) / "project"
        project.mkdir()
        (project / "meltano.yml").write_text(PROJECT)
        meltano = project / "bin" / "meltano"
        meltano.parent.mkdir()
        meltano.write_text("#!/bin/sh\n")
        meltano.chmod(0o755)
        trees = (ROOT, earlier)
        least: dict[str, list[float]] = {}
        for number in range(rounds + 1):
            for place, tree in enumerate(trees):
                found = {**_phases(tree), "a run of the runner": _run(tree, project)}
                for phase, seconds in found.items() if number else ():  # the first compiles
                    both = least.setdefault(phase, [math.inf, math.inf])
                    both[place] = min(both[place], seconds)
    print(f"| processor time | {commit} | now | ratio |\n| --- | ---: | ---: | ---: |")
    for phase, (now, before) in least.items():
        print(f"| {phase} | {before * 1e3:.2f} ms | {now * 1e3:.2f} ms | {now / before:.2f} |")


@contextmanager
def _tree(commit: str, place: Path) -> Iterator[Path]:
    """Check a commit out, and take the work tree away at the end."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(place), commit], check=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def _phases(tree: Path) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "bench.phases"]
    ended = subprocess.run(
        command, cwd=ROOT, env=_environment(tree), check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _run(tree: Path, project: Path) -> float:
    python = str(MELTANO.with_name("python"))
    began = on_the_processor()
    quiet([python, "-c", RUN, str(project / "bin" / "python")], project, _environment(tree))
    return on_the_processor() - began


def _environment(tree: Path) -> dict[str, str]:
    # Bytecode is kept, as images have it.
    environment = {**os.environ, "PYTHONPATH": str(tree / "include")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


if __name__ == "__main__":
    main(sys.argv[1])
