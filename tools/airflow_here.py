"""`make airflow`: Airflow with its UI on this machine, without Docker, until Ctrl+C.

Runs are local processes. They share state and output with `make run`, but not Airflow's database,
because a scheduler would process the runs of `make run` as its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import psutil
from meltano_pods.cli import local_paths
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.local import guard

from tools import warehouse
from tools.airflow_api import AirflowApi
from tools.local_check import check_projects
from tools.local_database import MigrationError, migrate, needs_migration
from tools.local_places import ROOT, WORK, airflow_environment
from tools.sqlite import let_readers_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOME = WORK / "airflow-pages"
_LOG = HOME / "airflow.log"
_PASSWORDS = HOME / "passwords.json"
_START_SECONDS = 300.0
_STOP_SECONDS = 30.0
_KILL_SECONDS = 5.0
_INTERRUPTED = 130


class AirflowHereError(Exception):
    """Something to tell the user, without a traceback."""


def main(*options: str) -> int:
    """Start it, say where it is, and wait for Ctrl+C; with `--check`, only look for errors.

    Then the projects whose plugins it needs go to stdout: one that cannot be read has an import
    error in Airflow, and holds up nobody else.
    """
    try:
        port = _port()
        if options:
            good, errors = check_projects()
            sys.stderr.writelines(f"{each}\n" for each in errors)
            print(*good)
            return 0
        with _warehouse() as variables:
            _serve(port, variables)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (AirflowHereError, MigrationError, MeltanoPodsError) as error:
        sys.stderr.write(f"make airflow: {error}\n")
        return 1
    return 0


@contextlib.contextmanager
def _warehouse() -> Iterator[dict[str, str]]:
    """Run a PostgreSQL for projects that load into one; without it, only they fail."""
    projects = (file.parent for file in ROOT.glob("meltano/*/meltano.yml"))
    if not any(warehouse.needed(project, os.environ) for project in projects):
        yield {}
        return
    try:
        warehouse.programs()
    except warehouse.WarehouseError as error:
        _show(f"Note: {error}")
        yield {}
        return
    began = monotonic()
    _show("PostgreSQL for projects that load into one ...")
    with warehouse.running(WORK / "warehouse") as variables:
        _took(began, f"port {variables['WAREHOUSE_PORT']}")
        yield variables


def _serve(port: int, variables: Mapping[str, str]) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    let_readers_in(HOME / "airflow.db")
    password = _password()
    # Both ways to stop it end in the `finally` below, even if a shell ignores SIGINT.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    given = {**environment(port), **variables}
    if needs_migration(HOME):
        began = monotonic()
        _show("Airflow's database ...")
        migrate(given)
        _took(began, "made")
    _show(f"Airflow, whose log is {_LOG.relative_to(ROOT)} ...")
    with _LOG.open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("airflow"), "standalone"],
            cwd=ROOT,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_health(process, port)
        _show(f"Airflow: http://localhost:{port}\n  admin   {password}\n\nCtrl+C stops it.")
        raise AirflowHereError(f"Airflow ended with {process.wait()}; see {_LOG}")
    except KeyboardInterrupt:
        pass
    finally:
        stop(process)


def environment(port: int) -> dict[str, str]:
    """Return the variables of Airflow and all its parts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        log_port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_PASSWORDS),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # Not reachable from elsewhere: its users run commands as the user who started it.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(log_port),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        # A DAG file that was written is read at once: this is for what it reads, a meltano.yml.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    return local_paths.drop_plugin_folder(os.environ) | airflow_environment(HOME) | own


def _port() -> int:
    answer = os.environ.get("AIRFLOW_PORT") or "8080"
    port = int(answer) if answer.isdecimal() else 0
    if port not in range(1, 65536):
        raise AirflowHereError(f"AIRFLOW_PORT={answer} is not a port; try 8081")
    try:
        with socket.socket() as each:
            # As servers do: a port that was in use a moment ago is free.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", port))
    except OSError as error:
        raise AirflowHereError(
            f"port {answer} cannot be used ({error}); choose another: "
            "AIRFLOW_PORT=8081 make airflow"
        ) from None
    return port


def _password() -> str:
    """Return the password of the user `admin`, which stays the same."""
    if not _PASSWORDS.exists():
        _PASSWORDS.touch(mode=0o600)
        _PASSWORDS.write_text(json.dumps({"admin": secrets.token_urlsafe(9)}))
    return str(json.loads(_PASSWORDS.read_text())["admin"])


def _await_health(process: subprocess.Popen[bytes], port: int) -> None:
    began = monotonic()
    deadline = began + _START_SECONDS
    waited: set[str] = set()
    with contextlib.closing(AirflowApi(f"http://127.0.0.1:{port}")) as api:
        while unwell := api.unwell():
            waited = tell_healthy(began, waited, unwell)
            if process.poll() is not None:
                raise AirflowHereError(f"Airflow ended with {process.returncode}; see {_LOG}")
            if monotonic() > deadline:
                raise AirflowHereError(
                    f"after {_START_SECONDS:g} s not healthy: {', '.join(unwell)}; see {_LOG}"
                )
            sleep(0.5)
    tell_healthy(began, waited, [])


def tell_healthy(began: float, waited: set[str], unwell: Sequence[str]) -> set[str]:
    """Print the parts that became healthy since the last call; return those that have not."""
    left = {part.partition(" (")[0].replace("_", " ") for part in unwell}
    for each in sorted(waited - left):
        _took(began, each)
    return left


def _show(text: str) -> None:
    print(text, flush=True)


def _took(began: float, what: str) -> None:
    _show(f"  {monotonic() - began:5.1f} s  {what}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End Airflow, which lets runs save their state; on a second signal, kill all of it."""
    family = _find_family(process.pid)
    try:
        _show(
            f"\nStopping Airflow, up to {_STOP_SECONDS:.0f} s (Ctrl+C again kills it and its runs)"
        )
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    except KeyboardInterrupt:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # from here on it takes a moment
        _show("\nKilling Airflow and its runs")
        _kill(family | _find_family(process.pid))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _find_family(pid: int) -> set[psutil.Process]:
    """Return a process and all below it, also those in a session of their own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        return {top, *top.children(recursive=True)}
    return set()


def _kill(family: set[psutil.Process]) -> None:
    """Kill Airflow, then the runs; their guards end by themselves and remove private files."""
    guards = {each for each in family if _is_guard(each)}
    runs = {run for each in guards for run in _find_family(each.pid)} - guards
    for group in (family - guards - runs, runs):
        for each in group:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(group, _KILL_SECONDS)
    for each in psutil.wait_procs(guards, _KILL_SECONDS)[1]:
        each.kill()


def _is_guard(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return guard.__file__ in process.cmdline()
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
