"""The DAG files of this repository load, and hold what the projects say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.file import iter_airflow_imports
from meltano_pods.plan import plan
from meltano_pods.project import read_project

from tests.support.checkout import ROOT

PROJECTS = sorted(path.parent for path in (ROOT / "meltano").glob("*/meltano.yml"))
names = pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(ROOT / "dags"))


def test_there_are_projects() -> None:
    assert PROJECTS


@names
def test_every_project_has_its_file(folder: Path) -> None:
    # In a file of several projects, one project's mistake would stop the DAGs of all.
    assert (ROOT / "dags" / f"{folder.name}.py").is_file()


@names
def test_the_dags_are_those_of_the_plan(bag: DagBag, folder: Path) -> None:
    planned = {dag.dag_id: dag for dag in plan(read_project(folder)).dags}
    found: dict[str, Any] = {
        dag_id: dag for dag_id, dag in bag.dags.items() if dag_id.startswith(f"{folder.name}.")
    }
    assert found.keys() == planned.keys()
    for dag_id, dag in found.items():
        wanted = planned[dag_id]
        assert Path(dag.fileloc) == ROOT / "dags" / f"{folder.name}.py"
        assert dag.task_ids == [task.task_id for task in wanted.tasks]
        assert dag.max_active_runs == 1
        assert dag.catchup is wanted.settings.catchup
        assert dag.is_paused_upon_creation is None
        assert dag.tags == set(wanted.tags)
        assert dag.doc_md == wanted.doc
        assert dag.params.dump()["full_refresh"] is False


@names
def test_tasks_run_one_after_another(bag: DagBag, folder: Path) -> None:
    for dag_id, dag in bag.dags.items():
        if dag_id.startswith(f"{folder.name}."):
            before: set[str] = set()
            for task in dag.tasks:
                assert task.upstream_task_ids == before
                before = {task.task_id}


@names
def test_a_file_is_two_lines_that_airflow_will_not_skip(folder: Path) -> None:
    # In safe mode Airflow passes over files without the words "dag" and "airflow".
    text = (ROOT / "dags" / f"{folder.name}.py").read_text()
    assert re.search(r"dag", text)
    assert re.search(r"airflow", text)
    assert [ast.unparse(line) for line in ast.parse(text).body] == [
        "from meltano_pods import airflow_dags",
        "airflow_dags(__file__)",
    ]


def test_parsing_imports_nothing_heavy() -> None:
    heavy = {"meltano", "kubernetes", "pandas", "requests", "airflow.providers.cncf", "psutil"}
    file = ROOT / "dags" / f"{PROJECTS[0].name}.py"
    code = (
        "import sys\n"
        "import airflow.sdk.configuration\n"
        "from airflow.sdk import DAG, BaseOperator, Param\n"
        "before = set(sys.modules)\n"
        "from meltano_pods import airflow_dags\n"
        f"airflow_dags({str(file)!r})\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "meltano_pods.dags.factory" in loaded
    assert not {name for name in loaded if any(f"{name}.".startswith(f"{h}.") for h in heavy)}


@pytest.mark.parametrize("missing", ["airflow.providers.cncf.kubernetes", "airflow.providers.cncf"])
def test_the_reaper_without_the_kubernetes_provider_says_what_to_install(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.startswith("airflow.providers.cncf")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    file = tmp_path / "dags" / "meltano_pods_reaper.py"
    file.parent.mkdir()
    file.write_text((ROOT / "dags" / file.name).read_text())
    bag = DagBag(str(file))
    (error,) = bag.import_errors.values()
    assert "the reaper of pods needs Airflow's Kubernetes provider" in error
    assert "`apache-airflow-providers-cncf-kubernetes>=10.25`" in error
    assert f"remove {file}" in error


def test_airflow_imports_what_pods_need_before_it_parses() -> None:
    # Once, in the process that the parses are forked from: it takes seconds.
    named = set(iter_airflow_imports(str(ROOT / "dags" / "meltano_pods_reaper.py")))
    assert "airflow.providers.cncf.kubernetes.operators.pod" in named
