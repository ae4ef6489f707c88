"""One Airflow for all tests here: it takes half a minute to start."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scheduler import shaped
from tests.scheduler.branches import add_branches
from tests.scheduler.running_airflow import SLEEPER, RunningAirflow, processes_of
from tests.support.canaries import canary
from tests.support.checkout import ROOT
from tests.support.inbox import READER, Inbox
from tools.local_places import build_plugins_path

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = ROOT / "meltano" / "csv_to_json"
PLUGINS = build_plugins_path("csv_to_json")
RUNNER = ROOT / ".venv-meltano" / "bin" / "meltano-runner"


# What a run of this project tells goes to the deployment's webhook, and by mail and to Slack.
NOTIFIED = f"""\
annotations:
  meltano_pods:
    retries: 0
    notify: {{email: {READER}, slack: slack_data}}
"""
# What a run of this project moves is checked, and other DAGs (after_watched.py) run for it.
WATCHED = """\
annotations:
  meltano_pods:
    notify: {webhook: null}
    checks: {min_records: {warn: 5}, streams: {orders: {schema_change: fail}}}
"""
# A run of this project ends with an error that holds a secret, which an Airflow connection holds.
SECRETIVE = f"""\
env:
  TAP_CSV_PASSWORD: {canary("env")}
annotations:
  meltano_pods:
    retries: 0
    airflow_env: {{TAP_CSV_PATH: {{connection: files, field: extra.path}}}}
"""
FILES = {"conn_type": "generic", "extra": {"path": f"/nowhere/{canary('connection')}.csv"}}


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    with Inbox() as open_inbox:
        yield open_inbox


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Iterator[RunningAirflow]:
    if not RUNNER.exists() or not (PLUGINS / "loaders").is_dir():
        pytest.skip("needs .venv-meltano and the example's plugins: `make run` installs them")
    home = tmp_path_factory.mktemp("airflow")
    _add_example(home, "csv_to_json")
    _add_example(home, "notified", NOTIFIED)
    shutil.copy(ROOT / "dags" / "tenants.py", home / "dags")
    _add_example(home, "watched", WATCHED)
    _add_example(home, "secretive", SECRETIVE)
    shutil.copy(Path(__file__).with_name("after_watched.py"), home / "dags")
    _add_example(home, "branches")
    add_branches(home / "meltano" / "branches")
    _add_example(home, shaped.NAME)
    shaped.shape(home / "meltano" / shaped.NAME / "meltano.yml")
    mortal = SLEEPER.replace("retries: 1", "retries: 0")
    for name, text in (("sleeper", SLEEPER), ("breakable", SLEEPER), ("mortal", mortal)):
        folder = home / "meltano" / name
        folder.mkdir()
        (folder / "meltano.yml").write_text(text)
        _add_dag_file(home, name)
    environment = {
        "AIRFLOW__MELTANO_PODS__RUNNER": str(RUNNER),
        "AIRFLOW__MELTANO_PODS__NOTIFY": "{webhook: notifications}",
        "AIRFLOW__MELTANO_PODS__LOCAL_ENV": json.dumps(
            {"MELTANO_PODS_OUTPUT": f"{home}/meltano/{{project}}/output"}
        ),
        "AIRFLOW_CONN_FILES": json.dumps(FILES),
        **inbox.connections(),
    }
    with RunningAirflow(home, environment) as running:
        yield running
    left = [pid for each in (home / "meltano").iterdir() for pid in processes_of(each)]
    assert not left, f"processes outlived Airflow: {left}"


@pytest.fixture(autouse=True, scope="module")
def _paused(airflow: RunningAirflow) -> Iterator[None]:
    """Keep what one module started from running beside the tests of the next."""
    yield
    airflow.pause_all()


def _add_example(home: Path, name: str, annotations: str = "") -> None:
    """Copy the example project, with a schedule of every minute and its plugins' environments."""
    folder = home / "meltano" / name
    without = shutil.ignore_patterns(".*", "meltano.db", "run", "output", "tests", "__pycache__")
    shutil.copytree(EXAMPLE, folder, ignore=without)
    # Copied, not linked: Meltano may install again into what it finds.
    without = shutil.ignore_patterns("meltano.db", "run")
    shutil.copytree(PLUGINS, folder / ".meltano", ignore=without, symlinks=True)
    file = folder / "meltano.yml"
    text, count = re.subn(r"interval: .*", 'interval: "* * * * *"', file.read_text())
    assert count == 1
    file.write_text(text + annotations)
    _add_dag_file(home, name)


def _add_dag_file(home: Path, name: str) -> None:
    (home / "dags").mkdir(exist_ok=True)
    shutil.copy(ROOT / "dags" / "csv_to_json.py", home / "dags" / f"{name}.py")
