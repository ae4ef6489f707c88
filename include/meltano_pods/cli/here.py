"""Where runs on this machine keep state and files: `make run`, `make airflow`, `meltano-pods run`.

One place for all of them, so that each goes on from where another ended. Meltano's own, a database
in the project's folder, stays what plain Meltano makes of it.
"""

from __future__ import annotations

from pathlib import Path

from meltano_pods.settings.deployment_values import PROJECT

WORK = Path(".run")
_OUTPUT = Path("output")
_MELTANO = Path(".venv-meltano")


def state_of(root: Path, project: str) -> Path:
    """Return the system database of a project, which holds its state."""
    return root / WORK / f"{project}.db"


def output_of(root: Path, project: str) -> Path:
    """Return the folder of the files that a project's target-jsonl writes."""
    return root / _OUTPUT / project


def variables_here(root: Path, project: str = PROJECT) -> dict[str, str]:
    """Return the variables of a project's runs on this machine.

    Args:
        root: The Airflow project's folder.
        project: Its name; `{project}` stands for any.
    """
    return {
        "MELTANO_DATABASE_URI": f"sqlite:///{state_of(root, project)}",
        "TARGET_JSONL_DESTINATION_PATH": str(output_of(root, project)),
    }


def is_here(root: Path) -> bool:
    """Whether an Airflow project is a clone whose runs have Meltano from its Makefile."""
    return (root / _MELTANO).is_dir()
