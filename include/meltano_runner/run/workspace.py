"""A separate folder for what Meltano writes during one run.

Meltano keeps plugins' configuration (with their secrets), catalogs and state files in
`.meltano/run/<plugin>`, one folder for all runs: two runs of one tap in the same project, with
other options, would read each other's. Here each run has a system directory of its own, in which
everything but `run` is a link to the project's. Temporary files of plugins, dbt's artifacts and
logs go into a folder of the run as well, which may be elsewhere: they can be large. It also lets a
project on a read-only file system run, and nothing of a run stays on the disk after it.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_runner.contract.environment import SCRATCH
from meltano_runner.run import dbt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SYSTEM_DIR = "MELTANO_SYS_DIR_ROOT"
"""Meltano's variable for the folder that is `.meltano` otherwise."""
_DATABASE = "meltano.db"
PREFIX = "meltano-run-"


@contextmanager
def private(project: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the variables that point Meltano to a new system directory, gone afterwards.

    Args:
        project: The project's folder.
        environment: The run's environment, which may name another system directory.

    Raises:
        OSError: No folder could be made in the temporary directory, or in the one for large files.
    """
    shared = Path(environment.get(SYSTEM_DIR) or project / ".meltano").absolute()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    scratch = Path(tempfile.mkdtemp(prefix=PREFIX, dir=environment.get(SCRATCH) or None))
    try:
        with suppress(OSError):  # where nothing can be written, nothing could be kept either
            shared.mkdir(parents=True, exist_ok=True)
        if shared.is_dir():
            # The default database must outlive the run, also the first run, which creates it.
            names = {entry.name for entry in shared.iterdir()} | {_DATABASE}
            for name in names - {"run"}:
                (folder / name).symlink_to(shared / name)
        own, temporary = folder / "run", scratch / "tmp"
        temporary.mkdir()
        yield {
            SYSTEM_DIR: str(folder),
            # Meltano also writes each run's log to a file there, which nobody would ever remove.
            "XDG_STATE_HOME": str(own / "state"),
            "TMPDIR": str(temporary),
            **dbt.environment(scratch / "dbt", environment),
        }
    finally:
        for each in (folder, scratch):
            shutil.rmtree(each, ignore_errors=True)
