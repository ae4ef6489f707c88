"""Bad projects beside good ones: Airflow loads the good, and shows what is wrong with the bad."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.support.hostile import HOSTILE, make
from tests.support.mistakes import MISTAKES
from tests.support.projects import GOOD

if TYPE_CHECKING:
    from pathlib import Path

DAG_FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
SECONDS = 60
UNUSED = [
    "plugin twice", "section in plugins", "environment twice", "mapping without name",
    "mapping twice",
]  # fmt: skip
"""Mistakes that no DAG runs into."""


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
    errors = {
        path.rpartition("/")[2].removesuffix(".py"): text
        for path, text in bag.import_errors.items()
    }
    for name, text in errors.items():
        assert re.search(r"errors\.Project(|File|Load)Error: ", text)
        assert f"  where: meltano/{name}/" in text
        assert "  fix: " in text
        assert "hunter2" not in text
    broken = {dag_id: dag for dag_id, dag in bag.dags.items() if "broken" in dag.tags}
    for dag_id, dag in broken.items():
        doc = str(dag.doc_md)
        assert f"where: `meltano/{dag_id.partition('.')[0]}/" in doc
        assert "hunter2" not in doc
    shown = errors.keys() | {dag_id.partition(".")[0] for dag_id in broken}
    good = {dag_id.partition(".")[0] for dag_id in bag.dags.keys() - broken.keys()}
    assert {"aaa", "zzz"} <= good
    # What no DAG uses is wrong only to `meltano-pods validate`.
    assert {name for name in bad if name not in shown} <= good
    unused = [_case(name) for name in bad if name not in shown]
    assert unused == UNUSED


def _case(name: str) -> str:
    kind, _, number = name.partition("_")
    return list(HOSTILE if kind == "hostile" else MISTAKES)[int(number)]
