"""Installs the plugins of a project where they have changed: `... plugins PROJECT FOLDER`.

They go to a folder outside the project, which can be copied without them. What counts is what the
Meltano image counts, so a changed schedule or setting installs nothing.
Runs in Meltano's own environment, which brings PyYAML.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tools.images import dbt_packages
from tools.images.plugins_only import reduce_project

STAMP = ".installed"
_LOCK = Path("locks/meltano.txt")


def install(project: Path, plugins: Path, meltano: Path) -> bool:
    """Install the plugins unless they are there as they should be; return whether it did.

    Args:
        project: The project's folder.
        plugins: Meltano's system directory for them, where a file keeps what was installed.
        meltano: Meltano's command.

    Raises:
        SystemExit: They cannot be installed; Meltano has said why.
    """
    digest, stamp = _digest(project), plugins / STAMP
    if digest and stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        stamp.touch()
        return False
    stamp.unlink(missing_ok=True)  # should it fail, nobody knows what is there
    began = monotonic()
    print(f"Installing the plugins of {project.name}", flush=True)
    own = {
        "MELTANO_SYS_DIR_ROOT": str(plugins),
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_LOG_LEVEL": "warning",
    }
    ended = subprocess.run(
        [meltano, "install"], cwd=project, env={**os.environ, **own}, check=False
    )
    if ended.returncode:
        raise SystemExit(
            f"{project.name}: `meltano install` failed; it names the plugins and says why above\n"
            f"  fix: correct the `pip_url` of each in meltano/{project.name}/meltano.yml, pinned "
            "to a version that exists (`pip_url: tap-csv==1.2.0`), and run the command again"
        )
    dbt_packages.main(project, plugins)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest, encoding="ascii")
    print(f"  {monotonic() - began:.0f} s", flush=True)
    return True


def _digest(project: Path) -> str:
    """Return a digest of all that plugins are made of; empty where Meltano is to say a fault."""
    found = hashlib.sha256(sys.version.encode())
    if _LOCK.exists():
        found.update(_LOCK.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            reduce_project(project, root / project.name)
        except Exception:  # noqa: BLE001 - nobody has looked at what stands there yet
            return ""
        for file in sorted(each for each in root.rglob("*") if each.is_file()):
            found.update(f"{file.relative_to(root)}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


if __name__ == "__main__":
    install(
        Path(sys.argv[1]).resolve(),
        Path(sys.argv[2]).resolve(),
        Path(sys.executable).with_name("meltano"),
    )
