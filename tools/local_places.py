"""Where Airflow and the projects keep things when they run on this machine without Docker."""

from __future__ import annotations

from pathlib import Path

from meltano_pods.cli import here

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / here.WORK


def state_of(project: str) -> Path:
    """Return the system database of a project, which holds its state."""
    return here.state_of(ROOT, project)


def output_of(project: str) -> Path:
    """Return the folder for the files of a project's targets."""
    return here.output_of(ROOT, project)


def plugins_of(project: str) -> Path:
    """Return the folder that holds a project's installed plugins."""
    return here.plugins_of(ROOT, project)


def project_environment(project: str) -> dict[str, str]:
    """Return the variables of a project's runs; `{project}` stands for any."""
    return here.variables_here(ROOT, project)


def airflow_environment(home: Path) -> dict[str, str]:
    """Return the variables of an Airflow that has the DAGs here and a database in `home`."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        # Whoever sits in front of it sees what fails; others need not hear of it.
        "AIRFLOW__MELTANO_PODS__NOTIFY": "off",
        "PYTHONWARNINGS": "ignore",
    }
