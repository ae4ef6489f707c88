"""What how-to pages say to type where `make run` has left a state."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.tutorial import typed_in
from tests.support.checkout import ROOT
from tests.support.clone import typed, users_environment

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = ROOT / "docs" / "how-to"
STATE = HOW_TO / "state.md"
# Resumes from the same state as `make run`, and starts no Airflow.
RUN = ".venv/bin/meltano-pods run csv_to_json.daily"

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("after_make_run")]


def test_a_bookmark_is_looked_at_and_set_back(clone: Path) -> None:
    step = typed_in(STATE, "Look at it, set it back")
    shown = typed(clone, step.commands)
    assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"
    again = re.search(r"succeeded, (\d+) records? extracted", typed(clone, RUN))
    assert again
    assert 0 < int(again[1]) < 1200


def test_state_moves_from_one_database_to_another(clone: Path) -> None:
    project = clone / "meltano" / "csv_to_json"
    environment = {
        "OLD": f"sqlite:///{clone}/.run/csv_to_json.db",
        "NEW": f"sqlite:///{clone}/new.db",
    }
    at = f"export PATH={clone}/.venv-meltano/bin:$PATH\n"
    shown = typed(
        project, at + typed_in(STATE, "Move state from plain Meltano").commands,
        environment=environment,
    )  # fmt: skip
    assert shown.splitlines()[-1] == "daily"
    states = [
        typed(
            project, f"{at}MELTANO_DATABASE_URI=${side} meltano state get daily",
            environment=environment,
        ).splitlines()[-1]  # the lines before are Meltano's log
        for side in ("OLD", "NEW")
    ]  # fmt: skip
    assert states[0] == states[1]
    assert "bookmarks" in states[0]


def test_a_run_from_a_terminal_goes_on_from_make_run(clone: Path) -> None:
    step = typed_in(HOW_TO / "run-parameters.md", "From a terminal")
    shown = typed(clone, step.commands)
    assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"


def test_ctrl_c_stops_a_run_and_leaves_nothing_in_the_way_of_the_next(clone: Path) -> None:
    with subprocess.Popen(
        ["/usr/bin/env", "make", "run", "FULL_REFRESH=1"],
        cwd=clone,
        env=users_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as make:
        shown = ""
        for line in make.stdout or ():
            shown += line
            if "meltano-runner run" in line and "where:" not in line:
                os.killpg(make.pid, signal.SIGINT)  # as a terminal does
    # make ends by the signal, or with its own status if it sees its child's end first.
    assert make.returncode in (-signal.SIGINT, 2)
    assert shown.count("stopping the run, which saves its state") == 1
    assert "the next run resumes from the last saved state" in shown
    assert "Traceback" not in shown
    assert "succeeded, 0 records extracted" in typed(clone, RUN)
