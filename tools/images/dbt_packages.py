"""Installs the packages that dbt projects ask for: `... dbt_packages MELTANO_PROJECT`.

`dbt deps` writes into the project, which is read-only where it runs, and needs a network; so it is
done where plugins are installed: while an image is built, and by `make run`. Nothing is done for a
project without `packages.yml` or `dependencies.yml` beside its `dbt_project.yml`.

Runs in Meltano's own environment, which brings PyYAML.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.images.plugins_only import dbt_projects


def main(project: Path, plugins: Path) -> None:
    """Run `dbt deps` for each dbt project of a Meltano project.

    Args:
        project: The Meltano project.
        plugins: Meltano's system directory, which holds the installed plugins.

    Raises:
        SystemExit: It failed, or no plugin of the project brings dbt.
    """
    for folder in dbt_projects(project):
        found = sorted(plugins.glob("*/*/venv/bin/dbt"))
        if not found:
            raise SystemExit(
                f"{project.name}: {folder} asks for dbt packages, and no plugin brings dbt: add "
                "one to meltano.yml, with dbt-core in its `pip_url`"
            )
        print(f"Installing the dbt packages of {project.name}/{folder}", flush=True)
        with tempfile.TemporaryDirectory() as own:
            ended = subprocess.run(
                [found[0], "deps", "--project-dir", project / folder, "--profiles-dir", own],
                env={**os.environ, "DBT_LOG_PATH": own, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
                check=False,
            )
        if ended.returncode:
            raise SystemExit(f"{project.name}: `dbt deps` failed in {folder}; it says why above")


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    main(folder, folder / ".meltano")
