"""A real Airflow on loopback: API server, scheduler and DAG processor as processes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tests.ports import free_port
from tests.waiting import wait_for

_AIRFLOW = Path(sys.executable).with_name("airflow")

# A utility needs no installation: any command is one.
SLEEPER = """\
send_anonymous_usage_stats: false
default_environment: dev
environments: [{name: dev}]
plugins:
  utilities:
  - name: sleeper
    namespace: sleeper
    commands:
      short: {args: '0.1', executable: sleep}
      long: {args: '600', executable: sleep}
jobs:
- {name: short, tasks: 'sleeper:short'}
- {name: long, tasks: 'sleeper:long'}
annotations:
  meltano_pods: {retries: 1, stop_grace: 30s}
"""


class RunningAirflow:
    """Starts on entry, has ended with all its processes on exit.

    Args:
        home: Folder of everything; holds `dags` and `meltano`.
        environment: Further variables of all components.
    """

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self._port, log_port = free_port(), free_port()
        self._token = ""
        self._processes: list[subprocess.Popen[bytes]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW"))}
        base = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **kept,
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__BASE_URL": base,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(log_port),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
            "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **environment,
        }

    def __enter__(self) -> Self:
        try:
            self._run("db", "migrate")
            for component in ("api-server", "scheduler", "dag-processor"):
                self._start(component)
            wait_for("the API server", self._take_token)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            # Each component leads a process group of its own, so this reaches no other process.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call Airflow's REST API and return its answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )

        def answer() -> dict[str, Any] | None:
            try:
                with urllib.request.urlopen(request, timeout=30) as found:  # noqa: S310 - loopback
                    return {"value": json.load(found)}
            except urllib.error.HTTPError as error:
                # Under load SQLite is locked by another writer longer than Airflow waits for it.
                if method != "GET" or error.code != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                error.close()
                return None

        return wait_for(f"an answer to {path}; see {self.home}", answer, 30)["value"]

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG was loaded."""
        try:
            self.call("GET", f"/api/v2/dags/{dag_id}")
        except urllib.error.HTTPError as error:
            error.close()
            return False
        return True

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run a DAG, once it is loaded."""
        wait_for(f"the DAG {dag_id}; see {self.home}", lambda: self.has_dag(dag_id))
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, **conf: object) -> str:
        """Start a run by hand and return its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the DAG's runs, the newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?order_by=-run_after&limit=50"
        found: list[dict[str, Any]] = self.call("GET", path)["dag_runs"]
        return found

    def task(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return a task instance."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}"
        found: dict[str, Any] = self.call("GET", path)
        return found

    def log(self, dag_id: str, run_id: str, task_id: str, number: int = 1) -> str:
        """Return what a try of a task logged."""
        folder = self.home / "airflow" / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        file = folder / f"task_id={task_id}" / f"attempt={number}.log"
        return file.read_text() if file.exists() else ""

    def _take_token(self) -> bool:
        for process in self._processes:
            assert process.poll() is None, f"a component ended; see {self.home}"
        try:
            self._token = self.call("GET", "/auth/token")["access_token"]
        except OSError:
            return False
        return True

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [_AIRFLOW, *arguments], env=self._environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    def _start(self, component: str) -> None:
        with (self.home / f"{component}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [_AIRFLOW, component],
                    env=self._environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )


def processes_of(project: Path) -> list[int]:
    """Return the processes that run for a project, by the variable that every run has."""
    wanted = f"MELTANO_PROJECT_ROOT={project}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
