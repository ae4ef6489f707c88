"""What the runner adds to a run: the same pipeline by `meltano-runner run` and by `meltano run`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.timing import in_turn, quiet
from tests.runner.pipeline import BIN, PROJECT, Pipeline


def main(runs: int = 8) -> None:
    """Print the cost of a run that moves nothing, and of the runner's own imports."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder))
        pipeline.write_rows(10)
        environment = pipeline.environment()
        blocks = ["tap-csv", "target-jsonl"]
        pair = in_turn(
            lambda: quiet([str(BIN / "meltano-runner"), "run", *blocks], PROJECT, environment),
            lambda: quiet(
                [str(BIN / "meltano"), "run", "--no-install", *blocks], PROJECT, environment
            ),
            runs,
        )
        print("meltano-runner run beside meltano run, nothing new to move:")
        print(f"  {pair}")
        python = str(BIN / "python")
        imports = in_turn(
            lambda: quiet(
                [python, "-c", "import meltano_runner.run.session"], PROJECT, environment
            ),
            lambda: quiet([python, "-c", "pass"], PROJECT, environment),
            runs,
        )
        print("the runner's imports beside an empty Python:")
        print(f"  {imports}")


if __name__ == "__main__":
    main()
