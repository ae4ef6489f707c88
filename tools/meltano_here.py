"""`make meltano`: Meltano's own command in a project, with the state and output of `make run`."""

from __future__ import annotations

import os
import sys

from meltano_pods.cli.local_paths import drop_plugin_folder
from meltano_pods.project.files import find_project_folders

from tools.local_places import ROOT, WORK, project_environment

_COMMAND = ROOT / ".venv-meltano" / "bin" / "meltano"


def main(project: str, *arguments: str) -> None:
    """Become Meltano.

    Raises:
        SystemExit: There is no such project.
    """
    folder = ROOT / "meltano" / project
    if not (folder / "meltano.yml").is_file():
        known = ", ".join(each.name for each in find_project_folders(folder.parent))
        raise SystemExit(f"make meltano: there is no project {project}; PROJECT= is one of {known}")
    WORK.mkdir(exist_ok=True)
    os.chdir(folder)
    # Plugins that are started beside it are found by the path.
    path = f"{_COMMAND.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    defaults = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", **project_environment(project)}
    environment = {**defaults, **drop_plugin_folder(os.environ), "PATH": path}
    os.execve(_COMMAND, [str(_COMMAND), *arguments], environment)  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(*sys.argv[1:])
