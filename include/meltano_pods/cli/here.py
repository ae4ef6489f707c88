"""Where runs on this machine keep state and files: `make run`, `make airflow`, `meltano-pods run`.

One place for all of them, so that each resumes from where another ended. It is outside the
projects' folders, so a project can be copied without its state, output and installed plugins. The
`.meltano` in a project's folder is plain Meltano's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meltano_runner.contract.environment import OUTPUT

from meltano_pods.settings.deployment.values import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

WORK = Path(".run")
_SYSTEM_DIR = "MELTANO_SYS_DIR_ROOT"
_OUTPUT = Path("output")
_MELTANO = Path(".venv-meltano")


def state_of(root: Path, project: str) -> Path:
    """Return the system database of a project, which holds its state."""
    return root / WORK / f"{project}.db"


def output_of(root: Path, project: str) -> Path:
    """Return the folder that `MELTANO_PODS_OUTPUT` names for a project."""
    return root / _OUTPUT / project


def plugins_of(root: Path, project: str) -> Path:
    """Return Meltano's system directory of a project, which holds the installed plugins."""
    return root / WORK / "meltano" / project


def variables_here(root: Path, project: str = PROJECT) -> dict[str, str]:
    """Return the variables of a project's runs on this machine.

    Args:
        root: The Airflow project's folder.
        project: Its name; `{project}` stands for any.
    """
    return {
        "MELTANO_DATABASE_URI": f"sqlite:///{state_of(root, project)}",
        _SYSTEM_DIR: str(plugins_of(root, project)),
        OUTPUT: str(output_of(root, project)),
    }


def environment_here(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a terminal's environment without what it says of the plugins of one project."""
    return {name: value for name, value in environ.items() if name != _SYSTEM_DIR}


def is_here(root: Path) -> bool:
    """Whether an Airflow project is a clone whose runs have Meltano from its Makefile."""
    return (root / _MELTANO).is_dir()
