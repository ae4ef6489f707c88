"""The tutorials, verbatim, in a copy of this project: all that needs no cluster."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.tutorial import KUBERNETES, Typed, steps
from tests.support.checkout import ROOT
from tests.support.clone import typed, users_environment
from tests.support.ports import free_port
from tests.support.waiting import wait_for
from tools.airflow_api import ENDED, AirflowApi

if TYPE_CHECKING:
    from pathlib import Path

TUTORIALS = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
DAG = "csv_to_json.daily"
DAGS = {DAG, "csv_to_json.job.csv-to-json", "shop.daily", "tenants.load", "tenants.report"}
"""What docs/tutorial/first-pipeline.md says that Airflow shows."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_works_as_it_is_written(page: Path, fresh: Path) -> None:
    for step in steps(page):
        if KUBERNETES in step.section:
            continue
        if not isinstance(step, Typed):
            step.write(fresh)
        elif step.commands == "make airflow\n":
            look_at_airflow(fresh, step)
        else:
            shown = typed(fresh, step.commands, fails=step.fails)
            assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"
            assert "Traceback" not in shown


def look_at_airflow(clone: Path, step: Typed) -> None:
    """Do by Airflow's API what the page says to do by its pages, then press Ctrl+C."""
    port = free_port()
    with subprocess.Popen(
        ["make", "airflow"],  # noqa: S607
        cwd=clone,
        env=users_environment({"AIRFLOW_PORT": str(port)}),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        shown = ""
        try:
            for line in process.stdout:
                shown += line
                if "Ctrl+C" in line:
                    break
            output = shown.replace(str(port), "8080")
            assert (missing := step.missing(output)) is None, f"{missing}\nis not in\n{shown}"
            password = re.search(r"admin +(\S+)", shown)
            assert password
            refresh_all(f"http://127.0.0.1:{port}", password[1])
        finally:
            # As a terminal does: to all of them.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)


def refresh_all(url: str, password: str) -> None:
    api = AirflowApi(url, "admin", lambda: password)

    def named() -> set[str]:
        return {each["dag_id"] for each in api.call("GET", "/api/v2/dags")["dags"]}

    try:
        wait_for("the DAG", lambda: api.dag(DAG))
        wait_for("all DAGs that the page names", lambda: named() == DAGS)
        api.unpause(DAG)
        wait_for("the scheduled run", lambda: api.runs(DAG))
        run = api.trigger(DAG, full_refresh=True)

        def ended() -> str | None:
            (state,) = [each["state"] for each in api.runs(DAG) if each["dag_run_id"] == run]
            return state if state in ENDED else None

        assert wait_for("the manual run", ended, 300) == "success"
        (task,) = api.tasks(DAG, run)
        path = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/{task['task_id']}/xcomEntries"
        summary = api.call("GET", f"{path}/summary")["value"]
        assert "succeeded: 1,200 records extracted" in summary
    finally:
        api.close()
