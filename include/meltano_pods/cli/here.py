"""Where runs on this machine keep state and files: `make run`, `make airflow`, `meltano-pods run`.

One place for all of them, so that each goes on from where another ended. Meltano's own, a database
in the project's folder, stays what plain Meltano makes of it.
"""

from __future__ import annotations

from pathlib import Path

from meltano_pods.settings.deployment_values import PROJECT

WORK = Path(".run")
OUTPUT = Path("output")
_MELTANO = Path(".venv-meltano")


def variables_here(root: Path) -> dict[str, str]:
    """Return the variables of runs on this machine; `{project}` in a value stands for any.

    Args:
        root: The Airflow project's folder.
    """
    return {
        "MELTANO_DATABASE_URI": f"sqlite:///{root / WORK / PROJECT}.db",
        "TARGET_JSONL_DESTINATION_PATH": str(root / OUTPUT / PROJECT),
    }


def is_here(root: Path) -> bool:
    """Whether an Airflow project is a clone whose runs have Meltano from its Makefile."""
    return (root / _MELTANO).is_dir()
