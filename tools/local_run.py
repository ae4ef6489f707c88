"""`make run`: one DAG in Airflow on this machine, with Meltano as a local process.

Airflow runs as `dag.test()` does: the real DAG, operator, parameters and XCom on a metadata
database of its own under .run/, in one process, so that a laptop needs no services.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.names import counted, describe_counts, listed, suggestion
from meltano_pods.project.files import project_folders
from meltano_pods.tasks.planned import planned
from meltano_runner.contract import DbtResult, total_counts

from tools import warehouse
from tools.airflow_log import DAG_FILES, OPERATORS, AirflowLog
from tools.local_airflow import RESULT_KEY
from tools.local_database import MigrationError, migrate, needs_migration
from tools.local_places import (
    ROOT,
    WORK,
    airflow_environment,
    output_of,
    project_environment,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class LocalRunError(Exception):
    """Something to tell the user, without a traceback."""


@dataclass
class LocalRun:
    """One `make run`.

    Attributes:
        dag_id: The DAG; its project comes before the first dot.
        keep: Go on from the output and state of the run before.
        full_refresh: Move every row again.
        seconds: How long each part took.
    """

    dag_id: str
    keep: bool
    full_refresh: bool
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """Name of the Meltano project."""
        return self.dag_id.split(".", 1)[0]

    def check(self) -> None:
        """Look for faults of the project, before anything is installed or started for it.

        Raises:
            LocalRunError: There is one, or no such project.
        """
        dag_file = ROOT / "dags" / f"{self.project}.py"
        if self.project in (projects := [each.name for each in project_folders(ROOT / "meltano")]):
            try:
                planned(ROOT / "meltano" / self.project)
            except MeltanoPodsError as error:
                raise LocalRunError(str(error)) from error
        if not dag_file.exists():
            near = suggestion(self.project, projects)
            raise LocalRunError(
                f"the project {self.project} has no DAG file: `cp dags/csv_to_json.py "
                f"dags/{self.project}.py`"
                if self.project in projects
                else f"there is no project {self.project}; there are: {listed(projects)}. {near}"
                "Name a DAG as DAG=PROJECT.SCHEDULE"
            )

    @property
    def output(self) -> Path:
        """Where target-jsonl puts its files."""
        return output_of(self.project)

    @property
    def state(self) -> Path:
        """Meltano's system database, which holds the state."""
        return state_of(self.project)

    def run(self) -> bool:
        """Run and report; True when the DAG run succeeded.

        Raises:
            LocalRunError: It could not be run.
        """
        WORK.mkdir(exist_ok=True)
        if not self.keep:
            shutil.rmtree(self.output, ignore_errors=True)
            self.state.unlink(missing_ok=True)
        environment = self._environment()
        if needs_migration(WORK / "airflow"):
            began = monotonic()
            try:
                migrate(environment)
            except MigrationError as failure:
                raise LocalRunError(str(failure)) from failure
            self.seconds["creating Airflow's database"] = monotonic() - began
        with self._warehouse(environment) as variables:
            result = self._run_dag(environment | variables)
        if error := result.get("error"):
            raise LocalRunError(error)
        self.seconds |= result["seconds"]
        self._report(result["state"], result["results"])
        return bool(result["state"] == "success")

    @contextmanager
    def _warehouse(self, environment: dict[str, str]) -> Iterator[dict[str, str]]:
        """Run a PostgreSQL while a project needs one that nobody named."""
        if not warehouse.needed(ROOT / "meltano" / self.project, environment):
            yield {}
            return
        try:
            with warehouse.running(WORK / "warehouse", keep=self.keep) as variables:
                yield variables
        except warehouse.WarehouseError as error:
            raise LocalRunError(str(error)) from error

    def _environment(self) -> dict[str, str]:
        own = {
            # Only what the run itself says; Airflow's own steps are not news here.
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            # What is wrong with the DAG file comes with the result, once.
            "AIRFLOW__LOGGING__NAMESPACE_LEVELS": f"{OPERATORS}=INFO {DAG_FILES}=CRITICAL",
            "NO_COLOR": "1",
        }
        airflow = airflow_environment(WORK / "airflow")
        return os.environ | airflow | project_environment(self.project) | own

    def _run_dag(self, environment: dict[str, str]) -> dict[str, Any]:
        dag_file = ROOT / "dags" / f"{self.project}.py"
        command = [sys.executable, "-m", "tools.local_airflow", str(dag_file), self.dag_id]
        command.append("true" if self.full_refresh else "false")
        # Airflow reads all of this folder for a test of one DAG, and other files may need more
        # than is installed for this one.
        environment = environment | {"AIRFLOW__CORE__DAGS_FOLDER": str(dag_file)}
        result: dict[str, Any] = {}
        log = AirflowLog()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                if line.startswith(f'{{"{RESULT_KEY}"'):
                    result = json.loads(line)[RESULT_KEY]
                else:
                    for shown in log.show(line):
                        _show(shown)
        if not result:
            raise LocalRunError(f"Airflow ended with exit code {process.returncode}; see above")
        return result

    def _report(self, state: str, results: list[dict[str, Any]]) -> None:
        if state == "success":
            _show(f"\nDone: {counts_of(results)}.")
            for command in (each for result in results for each in result.get("dbt") or ()):
                _show(f"  {DbtResult.from_dict(command).describe()}")
        else:
            _show(f"\nThe DAG run ended as {state}; the reason stands above.")
            _show("`make run` tries once, whatever the setting `retries` says.")
        for file in sorted(self.output.glob("*")):
            with file.open("rb") as lines:
                held = counted(sum(1 for _ in lines), "record")
            _show(f"  {file.relative_to(ROOT)} holds {held}")
        for name, taken in self.seconds.items():
            _show(f"  {taken:5.1f} s  {name}")


def counts_of(results: Iterable[dict[str, Any]]) -> str:
    """Return what tasks extracted and loaded in all; those that run only dbt do neither."""
    moving = [each for each in results if each.get("pipelines")]
    counts = total_counts((each["extracted"], each["loaded"]) for each in moving)
    return describe_counts(*counts, "record")


def _show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--dag", default="csv_to_json.daily", help="id of the DAG")
    parser.add_argument("--keep", action="store_true", help="go on from the last run's state")
    parser.add_argument("--full-refresh", action="store_true", help="move every row again")
    parser.add_argument("--check", action="store_true", help="look for faults only")
    options = parser.parse_args()
    try:
        run = LocalRun(options.dag, keep=options.keep, full_refresh=options.full_refresh)
        if options.check:
            run.check()
            return 0
        done = run.run()
    except LocalRunError as error:
        sys.stderr.write(f"make run: {error}\n")
        return 1
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
