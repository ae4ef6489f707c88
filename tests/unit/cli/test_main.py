"""The command line, by its entry point: what it says, where, and with which exit code."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import jsonschema
import pytest
import yaml
from meltano_pods.cli.main import COMMANDS
from meltano_pods.cli.output import format_cli_command
from meltano_pods.project import files

from tests.support.command_line import FILE, rewrite, uncommented
from tests.support.projects import FULLEST
from tests.support.schemas import validate

if TYPE_CHECKING:
    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_documented(name: str) -> None:
    command = importlib.import_module(f"meltano_pods.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_help_and_misuse(run_cli: RunCli) -> None:
    code, out, _ = run_cli("--help")
    assert code == 0
    assert all(f"  {name} " in out for name in COMMANDS)
    assert run_cli("plan", "--nonsense")[0] == run_cli("nonsense")[0] == 2


def test_what_needs_neither_imports_neither_airflow_nor_kubernetes(root: Path) -> None:
    code = (
        "import sys; from meltano_pods.cli.main import main; code = main(sys.argv[1:]); "
        "heavy = [n for n in sys.modules if n.split('.')[0] in ('airflow', 'kubernetes')]; "
        "sys.exit(code or f'imported {heavy[:3]}' if heavy else code)"
    )
    for arguments in (["plan", "--pods", "astro"], ["validate"], ["schema"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("root")
def test_the_plan_as_people_read_it(run_cli: RunCli) -> None:
    code, out, err = run_cli("plan")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith("shop (digest ")
    assert lines[1:] == [
        "DAG SCHEDULE TASK ENVIRONMENT EXECUTION MODE COMMAND",
        "shop.daily 0 0 * * * tap-a-to-target-b prod local run tap-a target-b --state-id daily --timeout 7200",  # noqa: E501,
    ]
    assert "\x1b" not in out


def test_the_plan_says_what_a_task_follows_where_their_order_does_not(
    root: Path, run_cli: RunCli
) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins: {utilities: [{name: a}, {name: b}, {name: c}]}\n"
        "jobs:\n"
        "- name: load\n"
        "  tasks: [a, b, c]\n"
        "  annotations: {meltano_pods: {tasks: {b: {needs: []}, c: {needs: [a, b]}}}}\n"
    )
    _, out, _ = run_cli("plan")
    assert [line.split()[:5] for line in out.splitlines()[1:]] == [
        ["DAG", "SCHEDULE", "TASK", "AFTER", "ENVIRONMENT"],
        ["shop.job.load", "manual", "a", "-", "none"],
        ["shop.job.load", "manual", "b", "-", "none"],
        ["shop.job.load", "manual", "c", "a,", "b"],
    ]


def test_a_project_without_dags_says_so(root: Path, run_cli: RunCli) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text("project_id: shop\n")
    code, out, _ = run_cli("plan")
    assert code == 0
    assert out.splitlines()[1:] == [
        f"  No DAG yet: {root}/meltano/shop/meltano.yml has neither a schedule nor a job. Add one."
    ]
    for more in (["--settings"], ["--pods", "default"]):
        assert "No DAG yet" in run_cli("plan", *more)[2]


@pytest.mark.usefixtures("root")
def test_a_setting_without_a_value_is_none_for_people_and_null_for_programs(
    run_cli: RunCli,
) -> None:
    rows = [line.split() for line in run_cli("plan", "--settings")[1].splitlines()]
    values = {row[0]: row[1] for row in rows if len(row) > 1}
    assert values["pool"] == "none"
    assert "null" not in values.values()
    (project,) = json.loads(run_cli("plan", "--settings", "--format", "json")[1])
    settings = {each["key"]: each["value"] for each in project["dags"][0]["tasks"][0]["settings"]}
    assert settings["pool"] is None


@pytest.mark.usefixtures("root")
def test_the_plan_and_its_pods_for_other_programs(run_cli: RunCli) -> None:
    for form, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        (project,) = load(run_cli("plan", "--format", form)[1])
        assert project["dags"][0]["dag_id"] == "shop.daily"
    (pod,) = yaml.safe_load_all(run_cli("plan", "--pods", "astro")[1])
    validate(pod)
    assert pod["spec"]["containers"][0]["image"] == "ghcr.io/acme/meltano:1.0"
    assert json.loads(run_cli("plan", "--pods", "astro", "--format", "json")[1]) == [pod]


def test_projects_are_found_from_below_and_where_one_says(
    root: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "meltano" / "shop")
    assert run_cli("plan", "shop")[0] == 0
    monkeypatch.chdir("/")
    code, _, err = run_cli("plan")
    assert code == 1
    assert "there is no folder `meltano` or `dags` here or above" in err
    assert run_cli("plan", "--projects", str(root / "meltano"))[0] == 0
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER", str(root / "meltano"))
    assert run_cli("plan")[0] == 0
    monkeypatch.delenv("AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER")
    (root / "airflow").mkdir()
    setting = f"[meltano_pods]\nprojects_folder = {root / 'meltano'}\n"
    (root / "airflow" / "airflow.cfg").write_text(setting)
    assert run_cli("plan")[0] == 0
    assert "Did you mean `shop`" in run_cli("plan", "shp")[2]


def test_validate_parses_each_file_once(
    root: Path, run_cli: RunCli, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(f"include_paths: [more.yml]\n{FULLEST}", "other", more="")
    parsed: list[str] = []

    def record(folder: Path, path: Path) -> str:
        parsed.append(str(path.relative_to(root / "meltano")))
        return read_text(folder, path)

    read_text = files.read_text
    monkeypatch.setattr(files, "read_text", record)
    code, _, err = run_cli("validate")
    assert (code, err.count("has no DAG file")) == (1, 1)
    assert sorted(parsed) == ["other/meltano.yml", "other/more.yml", "shop/meltano.yml"]


def test_every_fault_is_named_at_once(
    root: Path, run_cli: RunCli, make_project: MakeProject
) -> None:
    assert run_cli("validate")[0] == 0
    make_project(FULLEST.replace("loader: target-b", "loader: target-x"), "other")
    make_project(
        FULLEST.replace(
            "    termination_grace_period: 30s", "    termination_grace_perod: 30s\n    retries: -1"
        ),
        "b-c",
    )
    (root / "dags" / "gone.py").write_text(FILE)
    code, out, err = run_cli("validate")
    assert code == 1
    for words in (
        "unknown loader 'target-x'", "unknown setting `termination_grace_perod`",
        "`retries` takes a whole number",
        "the project b-c has no DAG file", "the project other has no DAG file",
        "is for the project gone, which does not exist",
    ):  # fmt: skip
        assert words in err
    assert err.count("fix: ") == 6
    assert out == "3 projects, 3 DAGs (2 broken), 6 errors\n"
    faults = json.loads(run_cli("validate", "--format", "json")[1])
    assert len(faults) == 6
    (fault,) = [each for each in faults if "`termination_grace_perod`" in each["what"]]
    assert (fault["file"], fault["line"]) == ("meltano/b-c/meltano.yml", 20)


def test_a_project_by_another_name_is_a_fault(root: Path, run_cli: RunCli) -> None:
    shop = root / "meltano" / "shop"
    (other := root / "meltano" / "other").mkdir()
    (other / "meltano.yaml").write_text("plugins: {}")
    assert "Meltano reads meltano.yml, not meltano.yaml" in run_cli("validate")[2]
    (shop / "meltano.yml").rename(shop / "Meltano.yml")
    code, _, err = run_cli("plan")
    assert (code, err.count("Rename it to meltano.yml.")) == (1, 2)


def test_a_plugin_that_only_meltano_hub_knows_is_warned_of(root: Path, run_cli: RunCli) -> None:
    locks = root / "meltano" / "shop" / "plugins" / "loaders"
    locks.mkdir(parents=True)
    rewrite(root, "{name: target-b, namespace: target_b}", "{name: target-b}")
    code, out, err = run_cli("validate")
    assert (code, out) == (0, "1 project, 1 DAG, 0 errors, 1 warning\n")
    assert err.startswith("warning: the plugin 'target-b' has neither a `namespace` nor the lock")
    assert "meltano.yml, line 5, key plugins.loaders[0]" in err
    assert "run `meltano lock target-b`" in err
    (found,) = json.loads(run_cli("validate", "--format", "json")[1])
    assert (found["severity"], found["line"]) == ("warning", 5)
    (locks / "target-b--acme.lock").write_text("{}")
    assert "Add the `variant` of its lock file: acme." in run_cli("validate")[2]
    rewrite(root, "{name: target-b}", "{name: target-b, variant: acme}")
    assert run_cli("validate") == (0, "1 project, 1 DAG, 0 errors\n", "")
    rewrite(root, "{name: target-b, variant: acme}", "{name: target-b, inherit_from: tap-a}")
    err = run_cli("validate")[2]
    assert "extends 'tap-a', for which there is neither a plugin under `loaders`" in err
    assert "`meltano add --plugin-type loaders tap-a`" in err


@pytest.mark.usefixtures("root")
def test_what_the_deployment_cannot_start_is_a_fault(
    run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__POD_TEMPLATE", "defalt.yaml")
    assert "Did you mean `default.yaml`" in run_cli("validate")[2]
    # As in Airflow, a setting has precedence over what the profile says.
    assert "Did you mean `default.yaml`" in run_cli("validate", "--profile", "astro")[2]
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTOR_MODE", "kubernetes")
    assert "unknown setting `executor_mode`" in run_cli("validate")[2]


def test_two_projects_that_share_a_secret_are_a_fault(
    root: Path, run_cli: RunCli, make_project: MakeProject
) -> None:
    for name in ("a-x", "A_x"):
        make_project(FULLEST, name)
        (root / "dags" / f"{name}.py").write_text(FILE)
    code, _, err = run_cli("validate")
    assert code == 1
    assert (
        "A_x and a-x have the same name in Kubernetes: they would share the Secret meltano-a-x-env"
        in err
    )


def test_dags_that_share_a_state(root: Path, run_cli: RunCli) -> None:
    jobs = "jobs: [{name: one, tasks: tap-a target-b}, {name: two, tasks: tap-a target-b}]"
    rewrite(root, "schedules:", f"{jobs}\nschedules:")
    code, out, err = run_cli("validate")
    assert (code, out) == (0, "1 project, 3 DAGs, 0 errors, 1 warning\n")
    assert "warning: the DAGs `shop.job.one` and `shop.job.two` share the state" in err
    assert run_cli("plan")[0] == 0
    schedules = "".join(
        f"- {{name: {job}, interval: '@daily', job: {job}}}\n" for job in ("one", "two")
    )
    rewrite(root, "schedules:\n", f"schedules:\n{schedules}")
    for command in ("plan", "validate"):
        code, _, err = run_cli(command)
        assert code == 1
        assert "error: the DAGs `shop.one` and `shop.two` share the state" in err


BAD = "- {name: gone, interval: '@hourly', extractor: tap-x, loader: target-b, transform: skip}\n"


def test_broken_dags_beside_good_ones(root: Path, run_cli: RunCli) -> None:
    with (root / "meltano" / "shop" / "meltano.yml").open("a") as file:
        file.write(BAD)
    code, out, err = run_cli("plan")
    assert code == 1
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[2].startswith("shop.daily 0 0 * * * tap-a-to-target-b prod")
    assert lines[3].startswith(
        "shop.gone 0 * * * * - - broken - (meltano/shop/meltano.yml, line 33"
    )
    assert err.count("error: ") == 1
    (project,) = json.loads(run_cli("plan", "--format", "json")[1])
    assert [each["dag_id"] for each in project["dags"]] == ["shop.daily"]
    (broken,) = project["broken"]
    assert (broken["dag_id"], broken["schedule"]) == ("shop.gone", "0 * * * *")
    assert "Did you mean `tap-a`?" in broken["errors"][0]["fix"]
    assert len(list(yaml.safe_load_all(run_cli("plan", "--pods", "astro")[1]))) == 1
    code, out, err = run_cli("validate")
    assert (code, out) == (1, "1 project, 2 DAGs (1 broken), 1 error\n")
    (found,) = json.loads(run_cli("validate", "--format", "json")[1])
    assert (found["severity"], found["key"]) == ("error", "schedules[1].extractor")


def test_what_no_run_uses_needs_no_hub(root: Path, run_cli: RunCli) -> None:
    rewrite(
        root,
        "plugins:\n",
        "plugins:\n"
        "  utilities: [{name: superset}, {name: soda}, {name: b}, {name: own, inherit_from: b}]\n"
        "  orchestrators: [{name: airflow, variant: apache}]\n",
    )
    assert run_cli("validate") == (0, "1 project, 1 DAG, 0 errors\n", "")
    rewrite(root, "schedules:\n", "jobs: [{name: check, tasks: ['soda:scan', own]}]\nschedules:\n")
    code, out, err = run_cli("validate")
    assert (code, out) == (0, "1 project, 2 DAGs, 0 errors, 1 warning\n")
    assert "2 plugins have neither a `namespace` nor a lock file ('soda', 'b'): " in err
    assert "`meltano lock soda b` in the project's folder" in err


def test_the_same_in_several_places_is_shown_once(root: Path, run_cli: RunCli) -> None:
    rewrite(root, "schedules:\n", "jobs: [{name: a, task: x}, {name: b, task: x}]\nschedules:\n")
    _, _, err = run_cli("validate")
    assert err.count("`task`") == 1, err
    assert "; line " in err


def test_the_schema_is_of_a_meltano_yml(run_cli: RunCli) -> None:
    assert "meltano/v4.4.1/" in json.loads(run_cli("schema")[1])["allOf"][0]["$ref"]
    schema = json.loads(run_cli("schema", "--meltano", "")[1])
    jsonschema.validate(yaml.safe_load(FULLEST), schema)
    with pytest.raises(jsonschema.ValidationError, match="retires"):
        jsonschema.validate({"annotations": {"meltano_pods": {"retires": 3}}}, schema)


def test_a_new_project_is_planned_and_valid(root: Path, run_cli: RunCli) -> None:
    assert run_cli("new", "orders")[0] == 0
    assert (root / "dags" / "orders.py").read_text() == FILE
    assert run_cli("validate")[:2] == (0, "2 projects, 1 DAG, 0 errors\n")
    before = (root / "meltano" / "orders" / "meltano.yml").read_text()
    code, _, err = run_cli("new", "orders")
    assert code == 1
    assert "orders exists already" in err
    assert (root / "meltano" / "orders" / "meltano.yml").read_text() == before
    run_cli("new", "two-words")
    for name, like in (("Orders", "orders"), ("two_words", "two-words")):
        code, _, err = run_cli("new", name)
        assert code == 1
        assert f"`{name}` is too similar to that of the project `{like}`" in err
        assert not list((root / "dags").glob(f"{name}*"))
    (root / "dags" / "bills.py").write_text("")
    assert run_cli("new", "bills")[0] == 1
    assert not (root / "meltano" / "bills").exists()
    for name in ("", "../x", "-x"):
        assert run_cli("new", "--", name)[0] == 1


@pytest.mark.parametrize(
    ("name", "near"),
    [("my shop", "my-shop"), ("shop.eu", "shop-eu"), ("1st", "st"), ("_a", "a"), ("täg", "t-g"),
     ("x" * 51, "x" * 50), ("42", None)],
)  # fmt: skip
def test_a_name_that_no_project_can_have(
    name: str, near: str | None, root: Path, run_cli: RunCli, make_project: MakeProject
) -> None:
    """Wherever it is met: the same words, and other projects are left alone."""
    _, _, err = run_cli("new", name)
    make_project(FULLEST, name)
    (root / "dags" / f"{name}.py").write_text(FILE)
    for command in (("plan",), ("validate",), ("validate", name), ("run", f"{name}.daily")):
        code, out, again = run_cli(*command)
        assert (code, again.count("fix: ")) == (1, 1)
        assert f"error: {name!r} is not a valid project name\n" in again
        assert f"where: meltano/{name}\n" in again
        assert "Rename the folder, and its DAG file with it." in again
        for text in (err, again):
            assert ("Did you mean" in text) == (near is not None)
            assert near is None or f"fix: Did you mean `{near}`? " in text
            assert "Use up to 50 letters, digits, `_` and `-`, starting with a letter" in text
        if command == ("plan",):
            assert "shop.daily" in out


def test_the_example_of_a_new_project_is_one(root: Path, run_cli: RunCli) -> None:
    """Without its comment signs it is a whole project."""
    run_cli("new", "orders")
    file = root / "meltano" / "orders" / "meltano.yml"
    file.write_text(uncommented(file.read_text()))
    code, out, err = run_cli("plan", "orders")
    assert (code, err) == (0, "")
    assert "orders.daily " in out
    assert "orders.job.reload " in out


@pytest.mark.parametrize("on_path", [True, False])
def test_what_to_type_next_can_be_typed(root: Path, *, on_path: bool) -> None:
    script = Path(sys.executable).with_name("meltano-pods")
    path = f"{script.parent}:/usr/bin:/bin" if on_path else "/usr/bin:/bin"
    env = {**os.environ, "PATH": path}
    done = subprocess.run(
        [script, "new", "orders"], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    command = done.stdout.splitlines()[-1].rpartition(": ")[2]
    assert command == f"{'meltano-pods' if on_path else script} plan orders"
    again = subprocess.run(
        ["/bin/sh", "-c", command], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    assert "No DAG yet" in again.stdout


def test_the_command_is_installed(root: Path) -> None:
    script = Path(sys.executable).with_name("meltano-pods")
    done = subprocess.run(
        [script, "plan", "nope"],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no project `nope`; there are: shop\n  where: ")


def test_a_folder_that_has_to_be_renamed_is_one_error(root: Path, run_cli: RunCli) -> None:
    project = root / "meltano" / "my shop"
    project.mkdir()
    (project / "meltano.yml").write_text("plugins: {}\n")
    code, out, err = run_cli("validate")
    assert code == 1
    assert "1 error" in out
    assert "'my shop' is not a valid project name" in err
    assert "DAG file" in err.split("fix:")[1]
    assert "has no DAG file" not in err


@pytest.mark.parametrize(
    ("interval", "shown"), [("every day", "unreadable"), ("'@manual'", "manual")]
)
def test_the_plan_of_a_broken_dag_shows_whether_its_interval_is_known(
    interval: str, shown: str, root: Path, run_cli: RunCli
) -> None:
    text = f"schedules:\n- {{name: daily, job: gone, interval: {interval}}}\n"
    (root / "meltano" / "shop" / "meltano.yml").write_text(text)
    code, out, _ = run_cli("plan")
    assert code == 1
    assert f"shop.daily {shown} " in " ".join(out.split())


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("command", ["validate", "doctor"])
def test_every_file_of_a_project_is_read_once(
    command: str, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    original = files.read_text

    def read_text(folder: Path, path: Path) -> str:
        read.append(path.name)
        return original(folder, path)

    monkeypatch.setattr(files, "read_text", read_text)
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__LOCAL_ENV", '{"TAP_A_PATH": "/data"}')
    run_cli(command)
    assert read == ["meltano.yml"]


def test_in_a_clone_commands_are_typed_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As hints of make targets have it: the command is not on the PATH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["tools/local_run.py"])
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert format_cli_command("plan") == "meltano-pods plan"
    command = tmp_path / ".venv" / "bin" / "meltano-pods"
    command.parent.mkdir(parents=True)
    command.touch()
    assert format_cli_command("plan", "shop") == ".venv/bin/meltano-pods plan shop"
