"""Where an Airflow project has its files: for Airflow, for the command line, for both alike."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
import yaml
from meltano_pods.cli.airflow_project import find_folders
from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.folders import find_airflow_root, locate_folders
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.command_line import FILE
from tests.support.projects import FULLEST
from tests.support.stub import write_stub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli

PREFIX = "AIRFLOW__MELTANO_PODS__"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an Airflow project whose Meltano projects are elsewhere: in `srv/projects`."""
    app = tmp_path / "app"
    (app / "dags").mkdir(parents=True)
    (app / "k8s" / "pod_templates").mkdir(parents=True)
    (tmp_path / "srv" / "projects" / "shop").mkdir(parents=True)
    (tmp_path / "srv" / "projects" / "shop" / "meltano.yml").write_text(FULLEST)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv(f"{PREFIX}PROJECTS_FOLDER", str(tmp_path / "srv" / "projects"))
    monkeypatch.chdir(app)
    return app


def test_the_command_line_finds_what_airflow_finds(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for templates in (None, tmp_path / "templates"):
        if templates is not None:
            monkeypatch.setenv(f"{PREFIX}POD_TEMPLATES_FOLDER", str(templates))
        settings = {"projects_folder": str(tmp_path / "srv" / "projects")}
        settings |= {} if templates is None else {"pod_templates_folder": str(templates)}
        file = str(app / "dags" / "team" / "shop.py")
        of_airflow = locate_folders(find_airflow_root(file), parse_deployment(settings))
        assert find_folders() == of_airflow
        assert of_airflow.templates == (templates or app / "k8s" / "pod_templates")
        monkeypatch.chdir(app / "k8s")
        assert find_folders() == of_airflow


def test_without_an_airflow_project_around_its_dags_folder_leads_to_it(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "srv")
    assert find_folders().root == tmp_path / "srv"
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(app / "dags"))
    assert find_folders().root == app
    monkeypatch.delenv("AIRFLOW__CORE__DAGS_FOLDER")
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "airflow.cfg").write_text(f"[core]\ndags_folder = {app}/dags\n")
    assert find_folders().root == app


def test_a_meltano_project_with_dags_of_its_own_is_no_airflow_project(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"{PREFIX}PROJECTS_FOLDER")
    project = app / "meltano" / "shop"
    (project / "orchestrate" / "dags").mkdir(parents=True)
    (project / "meltano.yml").write_text(FULLEST)
    for folder in (project, project / "orchestrate", project / "orchestrate" / "dags"):
        monkeypatch.chdir(folder)
        assert find_folders().root == app


def test_projects_named_by_the_option_belong_to_the_airflow_project_they_stand_in(
    app: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "meltano").mkdir(parents=True)
    assert find_folders(other / "meltano").root == app
    (other / "dags").mkdir()
    assert find_folders(other / "meltano").root == other
    assert find_folders(other / "meltano").projects == other / "meltano"


def test_new_writes_the_dag_file_where_airflow_reads_it(
    app: Path, tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_cli("new", "orders")[0] == 0
    assert (app / "dags" / "orders.py").read_text() == FILE
    assert (tmp_path / "srv" / "projects" / "orders" / "meltano.yml").is_file()
    # The variable is Airflow's, wherever the command runs.
    (tmp_path / "synced").mkdir()
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "synced"))
    assert run_cli("new", "bills")[0] == 0
    assert (tmp_path / "synced" / "bills.py").is_file()
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(app))
    assert run_cli("new", "items")[0] == 0
    assert (app / "dags" / "items.py").is_file()


def test_new_does_not_guess_where_airflow_reads_dag_files(
    app: Path, tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "srv")
    code, _, err = run_cli("new", "orders")
    assert code == 1
    assert "it is unknown where Airflow reads DAG files" in err
    assert not (tmp_path / "srv" / "projects" / "orders").exists()
    # What the fix says.
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(app / "dags"))
    assert run_cli("new", "orders")[0] == 0
    assert (app / "dags" / "orders.py").is_file()


def test_validate_compares_with_the_dag_files_that_airflow_reads(
    app: Path, run_cli: RunCli
) -> None:
    code, _, err = run_cli("validate")
    assert code == 1
    assert "the project shop has no DAG file" in err
    assert f"where: {app}/dags/shop.py" in err
    (app / "dags" / "shop.py").write_text(FILE)
    assert "has no DAG file" not in run_cli("validate")[2]


@pytest.mark.parametrize(
    "command", [("plan", "--pods", "external"), ("validate", "--profile", "external")]
)
def test_a_profile_leaves_the_pod_templates_where_they_are(
    app: Path,
    tmp_path: Path,
    run_cli: RunCli,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    (app / "dags" / "shop.py").write_text(FILE)
    assert "no pod template `default.yaml`" in run_cli(*command)[2]
    templates = tmp_path / "templates"
    templates.mkdir()
    pod = {"kind": "Pod", "spec": {"containers": [{"name": "meltano", "image": "own:1"}]}}
    (templates / "default.yaml").write_text(yaml.safe_dump(pod))
    monkeypatch.setenv(f"{PREFIX}POD_TEMPLATES_FOLDER", str(templates))
    code, _, err = run_cli(*command)
    assert (code, err) == (0, "")


def fix_of(err: str) -> str:
    return err.partition("fix: ")[2]


def test_a_project_in_the_place_of_the_projects_folder(
    app: Path, tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "srv" / "projects" / "shop"
    monkeypatch.setenv(f"{PREFIX}PROJECTS_FOLDER", str(shop))
    for command in (["plan"], ["new", "orders"], ["doctor"]):
        code, _, err = run_cli(*command)
        assert code == 1
        assert f"{shop} is a Meltano project itself" in err
        assert "Airflow's setting `[meltano_pods] projects_folder`" in err
        assert f"Use the folder above it: {shop.parent}." in fix_of(err)
    assert "where: --projects" in run_cli("plan", "--projects", str(shop))[2]
    monkeypatch.setenv(f"{PREFIX}PROJECTS_FOLDER", str(shop.parent))
    assert run_cli("plan")[0] == 0
    assert app.is_dir()


def test_airflow_says_so_of_a_project_in_the_place_of_the_projects_folder(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    projects = pytest.importorskip("meltano_pods.tasks.projects")
    shop = tmp_path / "srv" / "projects" / "shop"
    file = str(app / "dags" / "shop.py")
    monkeypatch.setenv(f"{PREFIX}PROJECTS_FOLDER", str(shop))
    with pytest.raises(DeploymentError, match="is a Meltano project itself"):
        projects.find_project_folder(file)
    monkeypatch.setenv(f"{PREFIX}PROJECTS_FOLDER", str(shop.parent))
    assert projects.find_project_folder(file) == shop


def test_a_meltano_project_by_itself(
    tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "own" / "my-elt"
    project.mkdir(parents=True)
    (project / "meltano.yml").write_text(FULLEST)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.chdir(project)
    code, _, err = run_cli("plan")
    assert code == 1
    assert "this is a single Meltano project" in err
    (option,) = re.findall(r"`(--projects .+?)`", fix_of(err))
    code, out, _ = run_cli("plan", *shlex.split(option))
    assert code == 0
    assert "my-elt.daily" in out


def test_a_process_finds_the_runner_beside_the_dags_folder(
    app: Path, tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is where `make run`, which the fix names, puts it, wherever the projects are."""
    pytest.importorskip("airflow")
    code, _, err = run_cli("run", "shop.daily")
    assert code == 1
    assert "meltano-runner was not found" in err
    assert "`make run` does" in err
    monkeypatch.setenv("STUB_DIR", str(tmp_path))
    (app / ".venv-meltano" / "bin").mkdir(parents=True)
    result = json.dumps(RunResult(Outcome.SUCCEEDED, 0).as_dict())
    write_stub(tmp_path, f"echo '{result}' > $MELTANO_RUNNER_RESULT_FILE")
    (tmp_path / "meltano-runner").rename(app / ".venv-meltano" / "bin" / "meltano-runner")
    assert run_cli("run", "shop.daily")[0] == 0
