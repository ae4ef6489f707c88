"""Bad projects beside good ones: Airflow loads the good, and shows one clear error for each bad."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.unit.hostile import HOSTILE, make
from tests.unit.mistakes import MISTAKES
from tests.unit.projects import GOOD

if TYPE_CHECKING:
    from pathlib import Path

DAG_FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
SECONDS = 60


@pytest.fixture
def bad(tmp_path: Path) -> list[str]:
    """Return the names of bad projects; beside them are good ones, first and last by name."""
    (tmp_path / "dags").mkdir()
    names = []
    for number, hostile in enumerate(HOSTILE.values()):
        names.append(f"hostile_{number}")
        make(hostile, _project(tmp_path, names[-1]))
    for number, (old, new, *_) in enumerate(MISTAKES.values()):
        names.append(f"mistake_{number}")
        (_project(tmp_path, names[-1]) / "meltano.yml").write_text(GOOD.replace(old, new, 1))
    for name in ("aaa", "zzz"):
        (_project(tmp_path, name) / "meltano.yml").write_text(GOOD)
    return names


def _project(root: Path, name: str) -> Path:
    (root / "dags" / f"{name}.py").write_text(DAG_FILE)
    folder = root / "meltano" / name
    folder.mkdir(parents=True)
    return folder


def test_no_bad_project_takes_the_dags_of_another(tmp_path: Path, bad: list[str]) -> None:
    assert len(bad) > 100
    began = time.process_time()
    bag = DagBag(str(tmp_path / "dags"))
    assert time.process_time() - began < SECONDS
    assert set(bag.dags) == {"aaa.daily", "zzz.daily"}
    errors = {
        path.rpartition("/")[2].removesuffix(".py"): text
        for path, text in bag.import_errors.items()
    }
    assert sorted(errors) == sorted(bad)
    for name, text in errors.items():
        *_, what, where, fix = text.rstrip().splitlines()
        assert "ProjectError: " in what
        assert where.startswith(f"  where: meltano/{name}/")
        assert fix.startswith("  fix: ")
        assert "hunter2" not in text
