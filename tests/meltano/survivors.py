"""Whether Meltano still runs the job `ok` of projects in which something else is wrong.

A script for Meltano's environment. Reads folders, one a line, the first one of a good project, and
writes one JSON object: for each folder the error, or null where the job runs.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

import structlog
from meltano.core.block.block_parser import BlockParser
from meltano.core.task_sets_service import TaskSetsService
from oracle import _output, _project  # type: ignore[import-not-found]


def main() -> None:
    folders = [Path(line) for line in sys.stdin.read().splitlines()]
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as work:
        os.environ["MELTANO_DATABASE_URI"] = f"sqlite:///{work}/meltano.db"
        _output(folders[0], "schedule", "list")  # creates the database
        sys.stdout.write(json.dumps({str(folder): _error(folder) for folder in folders}))


def _error(folder: Path) -> str | None:
    try:
        project = _project(folder)
        project.activate_environment("dev")
        job = TaskSetsService(project).get("ok")
        list(BlockParser(structlog.get_logger(), project, job.flat_args).find_blocks())
    except Exception as error:  # noqa: BLE001 - any of Meltano's is the answer
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    main()
