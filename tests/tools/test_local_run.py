"""What `make run` and `make airflow` find wrong before they install or start anything."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import DeploymentError

from tests.support.projects import GOOD, MakeProject
from tools import local_check, local_places, local_reset, local_run, warehouse
from tools.local_check import LocalCheckError, check_dag, check_projects
from tools.local_run import LocalRun, LocalRunError

if TYPE_CHECKING:
    from pathlib import Path

LOCAL_ENV = "AIRFLOW__MELTANO_PODS__LOCAL_ENV"


@pytest.fixture
def root(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_project(GOOD).parent.parent
    (root / "dags").mkdir()
    (root / "dags" / "shop.py").write_text("")
    for module in (local_check, local_places, local_reset):
        monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.chdir(root)
    return root


def test_a_project_without_an_error(root: Path) -> None:
    plugins = {"shop": ["dbt", "tap-csv", "target-jsonl"]}
    assert check_dag("shop.daily") == (plugins, [], [root / "dags" / "shop.py"])


CUSTOM = """\
from airflow.sdk import DAG
from meltano_pods import meltano_task
with DAG("mine"): meltano_task(project='shop', run='tap-csv')
"""


@pytest.mark.parametrize("dag_id", ["mine", "shop", "shop.custom", "tenants.load"])
def test_a_custom_dag_may_be_in_any_file(root: Path, dag_id: str) -> None:
    """Also one whose id looks like that of a project."""
    file = root / "dags" / "team" / "own.py"
    file.parent.mkdir()
    file.write_text(CUSTOM.replace("mine", dag_id))
    # Its tasks name the projects that they run.
    assert check_dag(dag_id) == ({"shop": []}, [], [file])


def test_a_computed_id_is_for_airflow_to_find(root: Path) -> None:
    file = root / "dags" / "own.py"
    file.write_text("from airflow.sdk import DAG\nfor name in NAMES: DAG(name)\n")
    assert check_dag("anything").files == [file]
    for dag_id in ("shop", "shop.dayly", "shp.daily"):  # of a project
        with pytest.raises(LocalCheckError, match=r"`shop\.daily`"):
            check_dag(dag_id)


def test_only_the_plugins_of_the_dag_are_needed(root: Path) -> None:
    file = root / "meltano" / "shop" / "meltano.yml"
    file.write_text(GOOD + "- {name: masked, interval: '@daily', job: masking}\n")
    text = file.read_text().replace(
        "schedules:", "- {name: masking, tasks: [tap-shop hide-emails target-jsonl]}\nschedules:"
    )
    file.write_text(text)
    needed = ["meltano-map-transformer", "tap-shop", "target-jsonl"]
    assert check_dag("shop.masked").plugins == {"shop": needed}


def test_an_error(root: Path) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(GOOD.replace("interval", "intervall"))
    with pytest.raises(
        LocalCheckError, match="Meltano ignores the unknown key `intervall`"
    ) as caught:
        check_dag("shop.daily")
    assert "line 27" in str(caught.value)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("dag_id", "suggested"),
    [
        ("shop", "shop.daily"),
        ("daily", "shop.daily"),
        ("shp.daily", "shop.daily"),
        ("shop.dayly", "shop.daily"),
        ("Shop.daily", "shop.daily"),
    ],
)
def test_a_typo_gets_a_suggestion(dag_id: str, suggested: str) -> None:
    with pytest.raises(LocalCheckError, match=f"`{suggested}`"):
        check_dag(dag_id)


@pytest.mark.usefixtures("root")
def test_a_project_names_no_dag(capfd: pytest.CaptureFixture[str]) -> None:
    assert local_run.main(["--project", "shop"]) == 1
    assert "make run DAG=shop.daily" in capfd.readouterr().err
    assert "make run DAG=store.customers" in local_check.reject_project("nonexistent")


def test_no_dag_file(root: Path) -> None:
    (root / "dags" / "shop.py").unlink()
    with pytest.raises(LocalCheckError, match=r"shop has no DAG file: `cp .* dags/shop.py`"):
        check_dag("shop.daily")


def test_no_postgresql_for_a_project_that_loads_into_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (root / "meltano" / "shop" / "meltano.yml").open("a") as file:
        file.write("env: {HOST: $WAREHOUSE_HOST}\n")
    monkeypatch.delenv("WAREHOUSE_HOST", raising=False)
    monkeypatch.setattr(warehouse, "_PLACES", ())
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(LocalCheckError, match="apt-get install postgresql"):
        check_dag("shop.daily")
    monkeypatch.setenv("WAREHOUSE_HOST", "db.example.org")
    assert check_dag("shop.daily").warnings == []


def test_a_variable_that_is_not_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = root / "meltano" / "shop"
    text = GOOD.replace("hunter2", "$SHOP_PASSWORD")
    (project / "meltano.yml").write_text(text)
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    with pytest.raises(LocalCheckError, match="SHOP_PASSWORD is not set") as caught:
        check_dag("shop.daily")
    assert "Add `SHOP_PASSWORD=...` to meltano/shop/.env" in str(caught.value)
    (project / ".env").write_text("SHOP_PASWORD=x\n")
    with pytest.raises(LocalCheckError, match="Is the variable SHOP_PASWORD there meant to be"):
        check_dag("shop.daily")
    (project / ".env").write_text("SHOP_PASSWORD=x\n")
    check_dag("shop.daily")
    (project / ".env").unlink()
    monkeypatch.setenv("SHOP_PASSWORD", "x")
    check_dag("shop.daily")
    (project / "meltano.yml").write_text(GOOD.replace("hunter2", "$MELTANO_PODS_OUTPUT"))
    check_dag("shop.daily")


def test_a_database_that_meltano_yml_names_is_not_the_one_of_local_runs(root: Path) -> None:
    with (root / "meltano" / "shop" / "meltano.yml").open("a") as file:
        file.write("database_uri: postgresql://db/state\n")
    (warning,) = check_dag("shop.daily").warnings
    assert "keep the state in .run/shop.db" in warning
    assert "key database_uri" in warning


def test_one_project_that_cannot_be_read_holds_up_no_other(
    root: Path, make_project: MakeProject
) -> None:
    make_project("plugins: [", name="broken")
    good, (error,) = check_projects()
    assert good == ["shop"]
    assert "meltano/broken/meltano.yml" in error
    assert root.is_dir()


class TestVariables:
    """An exported variable has precedence, and is reported."""

    def test_defaults(self, root: Path) -> None:
        assert json.loads(local_places.local_env({})) == {
            "MELTANO_DATABASE_URI": f"sqlite:///{root}/.run/{{project}}.db",
            "MELTANO_PODS_OUTPUT": f"{root}/output/{{project}}",
            "MELTANO_SYS_DIR_ROOT": f"{root}/.run/meltano/{{project}}",
        }
        assert list(local_places.notes("shop", {})) == []

    @pytest.mark.usefixtures("root")
    def test_an_exported_local_env_is_laid_over_them(self) -> None:
        own = {"MELTANO_DATABASE_URI": "sqlite:////data/{project}.db", "MORE": "x"}
        found = json.loads(local_places.local_env({LOCAL_ENV: json.dumps(own)}))
        assert found.items() >= own.items()
        assert "MELTANO_SYS_DIR_ROOT" in found
        (note,) = local_places.notes("shop", {LOCAL_ENV: json.dumps(own)})
        assert note.startswith("The state is where")

    @pytest.mark.usefixtures("root")
    def test_an_exported_database_is_named_and_not_shown(self) -> None:
        (note,) = local_places.notes("shop", {"MELTANO_DATABASE_URI": "postgresql://u:s3cret@db"})
        assert "the exported MELTANO_DATABASE_URI" in note
        assert "s3cret" not in note

    def test_one_that_cannot_be_read(self) -> None:
        with pytest.raises(DeploymentError, match="local_env"):
            local_places.local_env({LOCAL_ENV: "{"})


def test_a_state_that_is_ahead_of_the_data(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "meltano" / "shop" / "meltano.yml").open("a") as file:
        file.write("env: {HOST: $WAREHOUSE_HOST}\n")
    monkeypatch.delenv("WAREHOUSE_HOST", raising=False)
    monkeypatch.setattr(local_run, "ROOT", root)
    monkeypatch.setattr(local_run, "WORK", root / ".run")
    state = root / ".run" / "shop.db"
    state.parent.mkdir()
    state.touch()
    run = LocalRun("shop.daily", [], ["shop"], full_refresh=False)
    with pytest.raises(LocalRunError, match="make reset PROJECT=shop"), run._warehouse({}):
        pass
    assert state.exists()


class TestReset:
    """`make reset` removes what it names, of the project that is named."""

    @pytest.fixture
    def kept(self, root: Path) -> list[Path]:
        files = [root / ".run" / "shop.db", root / ".run" / "shop.db-wal"]
        output = [root / "output" / name / "orders.jsonl" for name in ("shop", "shop2")]
        others = [root / ".run" / "shop2.db", root / "meltano" / "shop" / "data.csv"]
        for file in (*files, *output, *others):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        return [*files, output[0]]

    def test_one_project(
        self, root: Path, kept: list[Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = {file for file in root.rglob("*") if file.is_file()}
        assert local_reset.main("shop") == 0
        assert before - {file for file in root.rglob("*") if file.is_file()} == set(kept)
        shown = capsys.readouterr().out
        for path in (
            ".run/shop.db  the state",
            ".run/shop.db-wal",
            "output/shop  the output: 1 file",
        ):
            assert path in shown
        assert local_reset.main("shop") == 0
        assert "Nothing is kept." in capsys.readouterr().out

    @pytest.mark.parametrize(
        "names", [(), ("",), ("shp",), ("..",), ("shop/..",), ("shop", "shop2")]
    )
    def test_any_other_name_removes_nothing(
        self, names: tuple[str, ...], root: Path, kept: list[Path]
    ) -> None:
        before = set(root.rglob("*"))
        assert local_reset.main(*names) != 0
        assert set(root.rglob("*")) == before
        assert kept

    def test_what_is_elsewhere_is_left_and_named(
        self, kept: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MELTANO_DATABASE_URI", "postgresql://u:s3cret@db")
        assert local_reset.main("shop") == 0
        shown = capsys.readouterr().out
        assert "Left as it is: The state is where the exported MELTANO_DATABASE_URI says" in shown
        assert not any(file.exists() for file in kept)


class TestReport:
    """Where the rows are."""

    @pytest.fixture
    def run(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalRun:
        monkeypatch.setattr(local_run, "ROOT", root)
        run = LocalRun("shop.daily", [], ["shop"], full_refresh=False)
        run.began = (root / "dags" / "shop.py").stat().st_mtime + 60
        return run

    @staticmethod
    def write(path: Path, text: str, when: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (when, when))

    def test_files_that_the_run_wrote_into_the_project(
        self, run: LocalRun, root: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        project = root / "meltano" / "shop"
        for name in ("output/orders.jsonl", "lake.duckdb", ".meltano/x.db", "target/run.json"):
            self.write(project / name, "{}\n{}\n", run.began + 1)
        self.write(project / "data" / "old.csv", "x\n", run.began - 1)
        os.utime(project / "meltano.yml", (run.began + 1, run.began + 1))
        self.write(root / "output" / "shop" / "people.csv", "a\nb\nc\n", run.began - 1)
        run._report("success", [])
        held = [line for line in capsys.readouterr().out.splitlines() if " holds " in line]
        assert held == [
            "  output/shop/people.csv holds 3 records",
            "  meltano/shop/lake.duckdb holds 6 bytes",
            "  meltano/shop/output/orders.jsonl holds 2 records",
        ]

    def test_many_files_are_counted(
        self, run: LocalRun, root: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for number in range(12):
            self.write(root / "meltano" / "shop" / f"{number}.csv", "x\n", run.began)
        run._report("success", [])
        shown = capsys.readouterr().out
        assert shown.count(" holds ") == 10
        assert "and 2 more files" in shown
        assert shown.count("$MELTANO_PODS_OUTPUT") == 1

    def test_nothing_is_said_of_a_project_that_was_left_as_it_is(
        self, run: LocalRun, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run._report("success", [])
        assert "$MELTANO_PODS_OUTPUT" not in capsys.readouterr().out
