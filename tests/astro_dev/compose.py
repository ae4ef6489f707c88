"""What `astro dev start` hands to Docker Compose for a project on Airflow 3.

Written from the sources of the Astro CLI 1.4x (github.com/astronomer/astro-cli:
airflow/include/airflow3/composeyml.go.tmpl at 45d6a85, and what airflow/docker_test.go expects of
it). `astro local start --docker` of CLI 2 runs the same services with the same folders mounted
(pkg/localrt/internal/localdocker at 9319836); it has no volume for logs and looks for changed DAGs
every few seconds. Both lay the project's docker-compose.override.yml over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = "/usr/local/airflow"
MIGRATION = "db-migration"
POSTGRES_ENVIRONMENT = {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "postgres"}
_DATABASE = "postgresql://postgres:postgres@postgres:5432"
_MOUNTED = ("dags", "plugins", "include", "tests")
_LOGS = f"airflow_logs:{HOME}/logs"
_COMPONENTS = ("scheduler", "dag-processor", "api-server", "triggerer")
# It has no tests there.
_NOT_MOUNTED = {"triggerer": {"tests"}}


@dataclass(frozen=True)
class Service:
    """One container.

    Attributes:
        name: By which the others reach it.
        command: What follows `docker run IMAGE`.
        environment: Its variables.
        volumes: As `docker run --volume` takes them; a volume's name without the project's.
        port: Port that is published; 0 for none.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    volumes: tuple[str, ...] = ()
    port: int = 0


def services(root: Path, project: str) -> Iterator[Service]:
    """Yield Airflow's services in the order in which they start.

    Args:
        root: The project's folder.
        project: Name of the compose project.
    """
    common = _environment(project)
    yield Service(MIGRATION, ("airflow", "db", "migrate"), common)
    file = root / ".env"
    dotenv = _dotenv(file.read_text()) if file.is_file() else {}
    override = yaml.safe_load((root / "docker-compose.override.yml").read_text())
    for name in _COMPONENTS:
        own: dict[str, Any] = override["services"].get(name, {})
        assert own.keys() <= {"environment", "volumes"}, "more than this stand-in understands"
        yield Service(
            name,
            ("airflow", name),
            # env_file comes before environment, which wins.
            {**dotenv, **common, **own.get("environment", {})},
            (*_mounts(root, name), _LOGS, *own.get("volumes", ())),
            port=8080 if name == "api-server" else 0,
        )


def volumes(root: Path) -> list[str]:
    """Return the names of the named volumes."""
    override = yaml.safe_load((root / "docker-compose.override.yml").read_text())
    return ["postgres_data", "airflow_logs", *override["volumes"]]


def _mounts(root: Path, name: str) -> Iterator[str]:
    for folder in _MOUNTED:
        if folder not in _NOT_MOUNTED.get(name, ()):
            # Compose would make a missing one, as root.
            assert (root / folder).is_dir(), folder
            yield f"{root / folder}:{HOME}/{folder}:z"


def _environment(project: str) -> dict[str, str]:
    return {
        "AIRFLOW__API__BASE_URL": "http://localhost:8080",
        "AIRFLOW__API__PORT": "8080",
        "AIRFLOW__API__SECRET_KEY": project,
        "AIRFLOW__API_AUTH__JWT_SECRET": project,
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # The CLI's own is in its sources; any will do.
        "AIRFLOW__CORE__FERNET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG=",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": _DATABASE,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _DATABASE,
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        "ASTRONOMER_ENVIRONMENT": "local",
    }


def _dotenv(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
