"""Where runs on this machine keep state and files: `make run`, `make airflow`, `meltano-pods run`.

All share one folder, so that each resumes from where another ended. It is outside the projects'
folders, so a project can be copied without its state, output and installed plugins. The `.meltano`
in a project's folder belongs to plain Meltano.
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


def build_state_path(root: Path, project: str) -> Path:
    """Return the system database of a project, which holds its state."""
    return root / WORK / f"{project}.db"


def build_output_path(root: Path, project: str) -> Path:
    """Return the folder that `MELTANO_PODS_OUTPUT` names for a project."""
    return root / _OUTPUT / project


def build_plugins_path(root: Path, project: str) -> Path:
    """Return Meltano's system directory of a project, which holds the installed plugins."""
    return root / WORK / "meltano" / project


def build_local_variables(root: Path, project: str = PROJECT) -> dict[str, str]:
    """Return the variables of a project's runs on this machine.

    Args:
        root: The Airflow project's folder.
        project: Its name; `{project}` stands for any.
    """
    return {
        "MELTANO_DATABASE_URI": f"sqlite:///{build_state_path(root, project)}",
        _SYSTEM_DIR: str(build_plugins_path(root, project)),
        OUTPUT: str(build_output_path(root, project)),
    }


def drop_plugin_folder(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a terminal's environment without the folder of one project's plugins."""
    return {name: value for name, value in environ.items() if name != _SYSTEM_DIR}


def has_local_meltano(root: Path) -> bool:
    """Whether an Airflow project is a clone whose runs have Meltano from its Makefile."""
    return (root / _MELTANO).is_dir()
