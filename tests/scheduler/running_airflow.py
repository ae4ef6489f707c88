"""A real Airflow on loopback: API server, scheduler and DAG processor as processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Self

import httpx

from tests.support.ports import free_port
from tests.support.waiting import wait_for
from tools.airflow_api import ENDED, AirflowApi
from tools.sqlite import let_readers_in

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
  meltano_pods: {retries: 1, termination_grace_period: 30s}
"""


class _PatientTransport(httpx.HTTPTransport):
    """Asks again where SQLite was locked by another writer for longer than Airflow waits.

    Then reading fails, and creating a backfill, which Airflow rolls back, is unavailable.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        locked = {HTTPStatus.SERVICE_UNAVAILABLE}
        if request.method == "GET":
            locked.add(HTTPStatus.INTERNAL_SERVER_ERROR)

        def answer() -> httpx.Response | None:
            found = super(_PatientTransport, self).handle_request(request)
            if found.status_code not in locked:
                return found
            found.close()
            return None

        return wait_for(f"an answer to {request.url}", answer, 30)


class RunningAirflow:
    """Starts on entry, has ended with all its processes on exit.

    Args:
        home: Folder of everything; holds `dags` and `meltano`.
        environment: Further variables of all components.

    Attributes:
        api: Its REST API.
    """

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        port, log_port = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW"))}
        base = f"http://127.0.0.1:{port}"
        self.api = AirflowApi(base, transport=_PatientTransport())
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
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": base,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(log_port),
            # A file that was written is read at once; the others need not be, and all together
            # that took more of the processors than anything else here.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **environment,
        }

    def __enter__(self) -> Self:
        try:
            (self.home / "airflow").mkdir()
            let_readers_in(self.home / "airflow" / "airflow.db")
            self._run("db", "migrate")
            for component in ("api-server", "scheduler", "dag-processor"):
                self._start(component)
            wait_for("the API server", self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            # Each component leads a process group of its own, so this reaches no other process.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run a DAG, once it is loaded."""
        wait_for(f"the DAG {dag_id}; see {self.home}", lambda: self.api.dag(dag_id))
        self.api.unpause(dag_id)

    def ended(self, dag_id: str, run_id: str, seconds: float = 240) -> str:
        """Return the state in which a run ended.

        Asked of the database, many times: an answer of the API server takes a hundred times as
        much of the processors that the run needs.
        """
        file = self.home / "airflow" / "airflow.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:

            def state() -> str | None:
                query = "select state from dag_run where dag_id = ? and run_id = ?"
                (found,) = database.execute(query, (dag_id, run_id)).fetchone()
                return str(found) if found in ENDED else None

            return wait_for(f"{dag_id} {run_id} to end", state, seconds)

    def pause_all(self) -> None:
        """Let the scheduler begin no more runs."""
        self.api.call("PATCH", "/api/v2/dags?dag_id_pattern=%25", {"is_paused": True})

    def log(self, dag_id: str, run_id: str, task_id: str, number: int = 1) -> str:
        """Return what a try of a task logged."""
        folder = self.home / "airflow" / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        file = folder / f"task_id={task_id}" / f"attempt={number}.log"
        return file.read_text() if file.exists() else ""

    def _answers(self) -> bool:
        for process in self._processes:
            assert process.poll() is None, f"a component ended; see {self.home}"
        try:
            self.api.log_in()
        except httpx.HTTPError:
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
