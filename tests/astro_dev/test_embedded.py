"""`astro dev start` without a cluster: pipelines run in the scheduler's container.

One Airflow for all; the tests have the order in which a person would do these things.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.astro_dev.compose import HOME
from tests.support.clone import append_rows
from tests.support.waiting import wait_for
from tools.airflow_api import ENDED

if TYPE_CHECKING:
    from tests.astro_dev.stand_in import AstroDev

pytestmark = pytest.mark.timeout(900)

DAG = "csv_to_json.daily"
TASK = "tap-csv-to-target-jsonl"
SLOW = "slow.job.endless"
OUTPUT = f"{HOME}/data/csv_to_json/orders.jsonl"
_OWN_DAG = """\
import os

from airflow.sdk import DAG

dag = DAG("own", description=f"{os.environ['GREETING']}, {NUMBER}")
"""


def wait_for_dag(astro: AstroDev, dag_id: str) -> dict[str, Any]:
    return wait_for(f"the DAG {dag_id}", lambda: astro.api.dag(dag_id))


def moved(astro: AstroDev) -> int:
    """Run the DAG and return how many records it moved.

    Once it is not paused, Airflow adds a run of its own, for the schedule's last interval.
    """
    wait_for_dag(astro, DAG)
    before = {run["dag_run_id"] for run in astro.api.runs(DAG)}
    astro.api.unpause(DAG)
    astro.api.trigger(DAG)

    def ended() -> list[dict[str, Any]] | None:
        runs = [run for run in astro.api.runs(DAG) if run["dag_run_id"] not in before]
        return runs if all(run["state"] in ENDED for run in runs) else None

    runs = wait_for("the end of the runs", ended, 180)
    for run in runs:
        assert run["state"] == "success", astro.api.log(DAG, run["dag_run_id"], TASK)
    return sum(astro.api.result(DAG, run["dag_run_id"], TASK)["extracted"] for run in runs)


def lines(astro: AstroDev) -> int:
    return int(astro.run("scheduler", "wc", "-l", OUTPUT).split()[0])


def test_every_dag_loads(astro: AstroDev) -> None:
    for dag_id in (DAG, "csv_to_json.job.csv-to-json"):
        wait_for_dag(astro, dag_id)
    errors = astro.api.call("GET", "/api/v2/importErrors")["import_errors"]
    assert errors == []


def test_what_airflow_settings_names_is_there(astro: AstroDev) -> None:
    connection = astro.api.call("GET", "/api/v2/connections/shop")
    assert (connection["conn_type"], connection["host"]) == ("kubernetes", "shop.example.com")
    assert astro.api.call("GET", "/api/v2/pools/loads")["slots"] == 2
    assert astro.api.call("GET", "/api/v2/variables/region")["value"] == "eu"


def test_a_pipeline_runs_and_goes_on_from_its_state(astro: AstroDev) -> None:
    assert moved(astro) == 1200
    assert lines(astro) == 1200
    assert moved(astro) == 0
    assert lines(astro) == 1200


def test_whose_the_files_are(astro: AstroDev) -> None:
    output = astro.run(
        "scheduler", "stat", "--format=%U %a", f"{HOME}/data", f"{HOME}/logs", OUTPUT
    )
    assert [line.split()[0] for line in output.splitlines()] == ["astro"] * 3
    # Nothing was written beside the project's own files, where a user of Linux would need root.
    owners = {file.owner() for file in astro.root.rglob("*") if not file.is_symlink()}
    assert owners == {astro.root.owner()}


def test_a_changed_dag_file_is_seen_at_once(astro: AstroDev) -> None:
    file = astro.root / "dags" / "own.py"
    for number in ("1", "2"):
        file.write_text(_OWN_DAG.replace("NUMBER", number))

        def says(number: str = number) -> bool:
            dag = astro.api.dag("own")
            return dag is not None and dag["description"] == f"hello from .env, {number}"

        wait_for("the DAG as it was written", says)


def _rows(astro: AstroDev) -> list[int]:
    """Return the ids of the rows that the slow project has written."""
    file = f"{HOME}/data/numbers.jsonl"
    output = astro.run("scheduler", "sh", "-c", f"cat {file} || true")
    # One that was not killed ends with a line of another kind.
    return [row["id"] for row in map(json.loads, output.splitlines()) if "id" in row]


def _begin_slowly(astro: AstroDev) -> str | None:
    """Start the slow project's job and return its run, once it writes more rows.

    None if another run has its state, or was killed in the last minutes.
    """
    wait_for_dag(astro, SLOW)
    before = len(_rows(astro))
    astro.api.unpause(SLOW)
    run_id = astro.api.trigger(SLOW)

    def outcome() -> str | None:
        if astro.api.run(SLOW, run_id)["state"] in ENDED:
            return "ended"
        return "writes" if len(_rows(astro)) > before + 5 else None

    if wait_for("more rows", outcome) == "writes":
        return run_id
    log = str(astro.api.log(SLOW, run_id, "tap-to-target"))
    assert "already_running" in log, log
    return None


def test_a_restart_brings_meltano_files_and_keeps_state_and_output(astro: AstroDev) -> None:
    stopped = _begin_slowly(astro)
    assert stopped
    append_rows(astro.root, 10)
    file = astro.root / "meltano" / "csv_to_json" / "meltano.yml"
    text = file.read_text()
    assert "- name: csv-to-json\n" in text
    file.write_text(text.replace("- name: csv-to-json\n", "- name: again\n"))
    astro.restart()
    wait_for_dag(astro, "csv_to_json.job.again")
    assert moved(astro) == 10
    assert lines(astro) == 1210
    astro.api.set_run(SLOW, stopped, "failed")
    orderly = _begin_slowly(astro)
    if not orderly:
        # Nothing told the run of the container's end, so it was killed after ten seconds. Meltano
        # lets none of that state begin for five minutes then, and what had no state comes again.
        forget = "import sqlite3; sqlite3.connect('data/slow.db').executescript('DELETE FROM runs')"
        astro.run("scheduler", "python", "-c", forget)
        assert _begin_slowly(astro)
    rows = _rows(astro)
    assert (rows if orderly else sorted(set(rows))) == list(range(1, max(rows) + 1))
