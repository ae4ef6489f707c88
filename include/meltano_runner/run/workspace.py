"""Creates a separate folder for what Meltano writes during one run.

Meltano keeps plugins' configuration (with their secrets), catalogs and state files in
`.meltano/run/<plugin>`, one folder for all runs: two runs of one tap in the same project, with
other options, would read each other's files. So each run has its own system directory, in which
everything but `run` is a link to the project's. Temporary files of plugins, dbt's artifacts and
logs go into another folder of the run, which may be on another disk because they can be large. So a
project can run from a read-only file system, and a run leaves nothing on the disk.
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
"""Meltano's variable for its system directory, by default `.meltano`."""
_DATABASE = "meltano.db"
PREFIX = "meltano-run-"


@contextmanager
def create_workspace(project: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the variables that point Meltano to a new system directory, removed afterwards.

    Args:
        project: The project's folder.
        environment: The run's environment, which may set another system directory.

    Raises:
        OSError: A folder could not be created in the temporary or the scratch directory.
    """
    shared = Path(environment.get(SYSTEM_DIR) or project / ".meltano").absolute()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    scratch = Path(tempfile.mkdtemp(prefix=PREFIX, dir=environment.get(SCRATCH) or None))
    try:
        with suppress(OSError):  # on a read-only file system, nothing can be kept either
            shared.mkdir(parents=True, exist_ok=True)
        if shared.is_dir():
            # The default database must outlive each run, including the first, which creates it.
            names = {entry.name for entry in shared.iterdir()} | {_DATABASE}
            for name in names - {"run"}:
                (folder / name).symlink_to(shared / name)
        run_folder, temporary = folder / "run", scratch / "tmp"
        temporary.mkdir()
        yield {
            SYSTEM_DIR: str(folder),
            # Meltano also writes a log file for each run there, which nothing would remove.
            "XDG_STATE_HOME": str(run_folder / "state"),
            "TMPDIR": str(temporary),
            **dbt.build_environment(scratch / "dbt", environment),
        }
    finally:
        for each in (folder, scratch):
            shutil.rmtree(each, ignore_errors=True)
