"""`make run`: one DAG in Airflow on this machine, with Meltano as a local process.

Airflow runs as `dag.test()` does: the real DAG, operator, parameters and XCom on a metadata
database of its own under .run/, in one process, so that a laptop needs no services. A run resumes
from the saved state, like any other way to run a DAG, and removes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from meltano_pods.cli import local_paths
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.names import describe_counts, pluralize
from meltano_runner.contract.dbt import DbtResult
from meltano_runner.contract.result import sum_counts

from tools import warehouse
from tools.airflow_log import DAG_FILES, OPERATORS, AirflowLog
from tools.local_airflow import RESULT_KEY
from tools.local_check import LocalCheckError, check_dag, reject_project
from tools.local_database import MigrationError, migrate, needs_migration
from tools.local_places import (
    ROOT,
    WORK,
    airflow_environment,
    build_output_path,
    build_state_path,
    notes,
)
from tools.local_plugins import PluginsError, install_plugins
from tools.stoppable import (
    RESUMES,
    InterruptedRunError,
    Stoppable,
    handle_signals,
    raise_interrupted,
    report,
    signal_when_parent_ends,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


DEFAULT_DAG = "csv_to_json.daily"
_LINES = (".jsonl", ".ndjson", ".csv")
"""Suffixes of files with a record in each line."""
_KEPT = ("__pycache__", "dbt_packages", "logs", "target")
_MAX_FILES = 10
_OUTPUT_CLOSED = 141  # 128 + SIGPIPE, as a shell has it


class LocalRunError(Exception):
    """Something to tell the user, without a traceback."""


@dataclass
class LocalRun:
    """One `make run`.

    Attributes:
        dag_id: The DAG.
        files: The DAG files, one of which defines it.
        projects: Names of the Meltano projects that it runs.
        full_refresh: Move every row again.
        seconds: How long each part took.
        began: When the DAG run began, in seconds since the epoch.
    """

    dag_id: str
    files: Sequence[Path]
    projects: Sequence[str]
    full_refresh: bool
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = 0.0

    def run(self) -> bool:
        """Run and report; True when the DAG run succeeded.

        Raises:
            LocalRunError: It could not be run.
        """
        WORK.mkdir(exist_ok=True)
        for note in dict.fromkeys(
            note for project in self.projects for note in notes(project, os.environ)
        ):
            _show(note)
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
        needing = [
            each for each in self.projects if warehouse.needed(ROOT / "meltano" / each, environment)
        ]
        if not needing:
            yield {}
            return
        for project in needing:
            if warehouse.is_empty(WORK / "warehouse") and build_state_path(project).exists():
                raise LocalRunError(
                    f"the saved state of {project} is ahead of the data: the PostgreSQL of local "
                    "runs is gone, and only what is new would be loaded into another one\n"
                    f"  fix: make reset PROJECT={project}"
                )
        try:
            with warehouse.running(WORK / "warehouse") as variables:
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
        return (
            local_paths.drop_plugin_folder(os.environ) | airflow_environment(WORK / "airflow") | own
        )

    def _run_dag(self, environment: dict[str, str]) -> dict[str, Any]:
        refresh = "true" if self.full_refresh else "false"
        files = [str(each) for each in self.files]
        command = [sys.executable, "-m", "tools.local_airflow", self.dag_id, refresh, *files]
        # Airflow reads all of this folder for a test of one DAG, and other files may need more
        # than is installed for this one.
        environment = environment | {"AIRFLOW__CORE__DAGS_FOLDER": files[0]}
        result: dict[str, Any] = {}
        self.began = time()
        log = AirflowLog()
        with Stoppable(command, directory=ROOT, environment=environment) as process:
            for line in process.lines():
                if line.startswith(f'{{"{RESULT_KEY}"'):
                    result = json.loads(line)[RESULT_KEY]
                else:
                    for shown in log.show(line):
                        _show(shown)
        if not result:
            raise LocalRunError(f"Airflow ended with exit code {process.wait()}; see above")
        return result

    def _report(self, state: str, results: list[dict[str, Any]]) -> None:
        if state == "success":
            _show(f"\nDone: {counts_of(results)}.")
            for command in (each for result in results for each in result.get("dbt") or ()):
                _show(f"  {DbtResult.from_dict(command).describe()}")
            if moved_nothing(results):
                _show(self._why_nothing())
        else:
            _show(f"\nThe DAG run ended as {state}; see the reason above.")
            _show("`make run` tries once, whatever the setting `retries` says.")
        for file in sorted(
            file for each in self.projects for file in build_output_path(each).glob("*")
        ):
            _show(f"  {file.relative_to(ROOT)} holds {describe_content(file)}")
        self._report_inside()
        for name, taken in self.seconds.items():
            _show(f"  {taken:5.1f} s  {name}")

    def _report_inside(self) -> None:
        """Name files that the run has written into the project, such as by a relative path."""
        folders = [ROOT / "meltano" / each for each in self.projects]
        written = [file for each in folders for file in written_since(each, self.began)]
        for file in written[:_MAX_FILES]:
            _show(f"  {file.relative_to(ROOT)} holds {describe_content(file)}")
        if len(written) > _MAX_FILES:
            _show(f"  and {pluralize(len(written) - _MAX_FILES, 'more file')}")
        if written:
            _show(
                "  The project's folder is not kept where runs are pods; a destination below "
                "$MELTANO_PODS_OUTPUT is, where a deployment has it."
            )

    def _why_nothing(self) -> str:
        dag = "" if self.dag_id == DEFAULT_DAG else f" DAG={self.dag_id}"
        return (
            "  The source has nothing new since the saved state. To move all records again: "
            f"make run{dag} FULL_REFRESH=1"
        )


def written_since(project: Path, began: float) -> list[Path]:
    """Return the files in a project's folder that have changed, in order.

    What plugins keep for themselves is left out: hidden files, and what dbt makes.
    """
    found: list[Path] = []
    for folder, folders, files in os.walk(project):
        folders[:] = [each for each in folders if not each.startswith(".") and each not in _KEPT]
        paths = (Path(folder, each) for each in files if not each.startswith("."))
        found += (each for each in paths if each.is_file() and each.stat().st_mtime >= began)
    return sorted(each for each in found if each != project / "meltano.yml")


def describe_content(file: Path) -> str:
    """Return how much a file holds: records, where each is a line, else bytes."""
    if file.suffix not in _LINES:
        return f"{file.stat().st_size:,} bytes"
    with file.open("rb") as lines:
        return pluralize(sum(1 for _ in lines), "record")


def counts_of(results: Iterable[dict[str, Any]]) -> str:
    """Return what tasks extracted and loaded in all; those that run only dbt do neither."""
    moving = [each for each in results if each.get("pipelines")]
    counts = sum_counts((each["extracted"], each["loaded"]) for each in moving)
    return describe_counts(*counts, "record")


def moved_nothing(results: Iterable[dict[str, Any]]) -> bool:
    """Whether tasks that move records had none to move."""
    extracted = [each["extracted"] for each in results if each.get("pipelines")]
    return bool(extracted) and not any(extracted)


def _show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options and run; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with handle_signals(raise_interrupted):
            return 0 if _run(options) else 1
    except (LocalCheckError, LocalRunError, MeltanoPodsError, PluginsError) as error:
        report(str(error))
        return 1
    except InterruptedRunError as error:
        report(str(error))
        return error.status
    except BrokenPipeError:
        # Python flushes it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        report(f"stopped, because nobody reads its output any more; {RESUMES}")
        return _OUTPUT_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", allow_abbrev=False)
    parser.add_argument("--dag", default="", help="id of the DAG")
    parser.add_argument("--project", default="", help="rejected: a DAG is named by its id")
    parser.add_argument("--full-refresh", action="store_true", help="move every record again")
    return parser


def _run(options: argparse.Namespace) -> bool:
    """Check everything, install the plugins, run the DAG; return whether it succeeded."""
    if options.project:
        raise LocalRunError(reject_project(options.project))
    dag_id = options.dag or DEFAULT_DAG
    checked = check_dag(dag_id)
    sys.stderr.writelines(f"warning: {warning}\n" for warning in checked.warnings)
    for project, plugins in checked.plugins.items():
        install_plugins(project, plugins)
    run = LocalRun(dag_id, checked.files, list(checked.plugins), full_refresh=options.full_refresh)
    return run.run()


if __name__ == "__main__":
    signal_when_parent_ends(signal.SIGTERM)  # `make`, should it be killed
    sys.exit(main())
