"""`meltano-pods run`, with a stub in place of the runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

from tests.support.stub import reporting, write_stub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUB_DIR", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__RUNNER", str(tmp_path / "meltano-runner"))
    return tmp_path


def test_tasks_run_in_order_until_one_fails(root: Path, run_cli: RunCli, stub: Path) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins: {utilities: [{name: a}, {name: b}, {name: c}]}\n"
        "jobs: [{name: load, tasks: [a, b, c]}]\n"
    )
    result = json.dumps(RunResult(Outcome.SUCCEEDED, 0, extracted=3).as_dict())
    write_stub(
        stub,
        f"echo hello $2; [ $2 != b ] || exit 1; echo '{result}' > $MELTANO_RUNNER_RESULT_FILE",
    )
    code, out, err = run_cli("run", "shop.job.load", "--format", "json")
    assert code == 1
    assert [(each["task_id"], each["outcome"]) for each in json.loads(out)] == [
        ("a", "succeeded"),
        ("b", "failed"),
    ]
    assert "hello a" in err
    assert "succeeded: 3 records extracted, loaded: unknown" in err
    assert "c: skipped, because an upstream task failed" in err
    more = ("--full-refresh", "--state-id-suffix", "x", "--log-level", "debug")
    code, out, _ = run_cli("run", "shop.job.load", "--task", "c", *more)
    assert (code, out) == (0, "c: succeeded, 3 records extracted, loaded: unknown\n")
    assert (stub / "arguments").read_text() == "run c --full-refresh --state-id-suffix=x\n"
    assert "MELTANO_CLI_LOG_LEVEL=debug" in (stub / "env").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shop.dayly",), "Did you mean `shop.daily`"),
        (("shp.daily",), "Did you mean `shop.daily`"),
        (("shop.daily", "--task", "tap-a"), "the DAG has no task `tap-a`"),
        (
            ("shop.daily", "--state-id-suffix", "--force"),
            "`state_id_suffix` has a value that is not",
        ),
    ],
)
@pytest.mark.usefixtures("root")
def test_what_cannot_be_run(run_cli: RunCli, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run_cli("run", *arguments)
    assert (code, out) == (1, "")
    assert words in err


def moved(records: int) -> RunResult:
    stream = StreamResult("orders", records, bookmark="2026-01-02", columns={"id": "integer"})
    pipeline = PipelineResult("tap-a", "target-b", "daily", state_saved=True, streams=(stream,))
    return RunResult(Outcome.SUCCEEDED, 0, extracted=records, pipelines=(pipeline,))


def expect(root: Path, **checks: object) -> None:
    file = root / "meltano" / "shop" / "meltano.yml"
    content = yaml.safe_load(file.read_text())
    content.setdefault("annotations", {}).setdefault("meltano_pods", {})["checks"] = checks
    file.write_text(yaml.safe_dump(content))


def test_what_is_expected_is_checked(root: Path, run_cli: RunCli, stub: Path) -> None:
    expect(root, min_records={"fail": 2, "warn": 5}, schema_change="fail")
    write_stub(stub, reporting(moved(1)))
    code, out, err = run_cli("run", "shop.daily", "--format", "json")
    assert code == 1
    (task,) = json.loads(out)
    assert (task["outcome"], task["category"]) == ("failed", "check_failed")
    assert [each["check"] for each in task["checks"]["failed"]] == ["min_records"]
    assert "the run: 1 record extracted, at least 2 expected (min_records)" in err
    assert "WARNING Check warned: not checked: Airflow stores the columns" in err
    assert "error: check_failed: " in err
    assert "succeeded" not in err

    write_stub(stub, reporting(moved(3)))
    code, out, err = run_cli("run", "shop.daily")
    assert (code, out) == (
        0,
        "tap-a-to-target-b: succeeded, 3 records extracted, loaded: unknown\n",
    )
    assert "WARNING Check warned: the run: 3 records extracted, at least 5 expected" in err


def test_a_task_after_a_failed_check_is_left_out(root: Path, run_cli: RunCli, stub: Path) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins: {extractors: [{name: tap-a}], loaders: [{name: target-b}], "
        "utilities: [{name: u}]}\n"
        "jobs: [{name: load, tasks: [tap-a target-b, u]}]\n"
        "annotations: {meltano_pods: {checks: {min_records: {fail: 1}}}}\n"
    )
    write_stub(stub, reporting(moved(0)))
    code, _, err = run_cli("run", "shop.job.load")
    assert code == 1
    assert "u: skipped, because an upstream task failed" in err


def variables(stub: Path) -> dict[str, str]:
    lines = (stub / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_on_a_machine_of_make_the_state_is_that_of_make_run(
    root: Path, run_cli: RunCli, stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stub(stub, reporting(moved(1)))
    run_cli("run", "shop.daily")
    assert "MELTANO_DATABASE_URI" not in variables(stub)
    (root / ".venv-meltano").mkdir()
    run_cli("run", "shop.daily")
    assert variables(stub)["MELTANO_DATABASE_URI"] == f"sqlite:///{root}/.run/shop.db"
    assert variables(stub)["MELTANO_PODS_OUTPUT"] == f"{root}/output/shop"
    assert variables(stub)["MELTANO_SYS_DIR_ROOT"] == f"{root}/.run/meltano/shop"
    # The folder of one project's plugins must not affect another project.
    monkeypatch.setenv("MELTANO_SYS_DIR_ROOT", "/elsewhere")
    run_cli("run", "shop.daily")
    assert variables(stub)["MELTANO_SYS_DIR_ROOT"] == f"{root}/.run/meltano/shop"
    monkeypatch.setenv("MELTANO_DATABASE_URI", "postgresql://there")
    run_cli("run", "shop.daily")
    assert variables(stub)["MELTANO_DATABASE_URI"] == "postgresql://there"
    monkeypatch.delenv("MELTANO_DATABASE_URI")
    own = json.dumps({"MELTANO_DATABASE_URI": "sqlite:////data/{project}.db"})
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__LOCAL_ENV", own)
    run_cli("run", "shop.daily")
    assert variables(stub)["MELTANO_DATABASE_URI"] == "sqlite:////data/shop.db"
    assert variables(stub)["MELTANO_PODS_OUTPUT"] == f"{root}/output/shop"


def test_what_airflow_holds_reaches_the_run(
    root: Path, run_cli: RunCli, stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins: {utilities: [{name: a}]}\njobs: [{name: load, tasks: [a]}]\n"
        "annotations: {meltano_pods: {not_secret: [A_KEY], env: {A_KEY: id}, airflow_env: {"
        "DB: {connection: shop_db}, REGION: {variable: region}}}}\n"
    )
    write_stub(stub, reporting(moved(1)))
    monkeypatch.setenv("AIRFLOW_HOME", str(root / "airflow"))
    code, _, err = run_cli("run", "shop.job.load")
    assert code == 1
    for part in ("variable_missing", "no connection `shop_db`", "no variable `region`"):
        assert part in err
    assert "Traceback" not in err
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", "postgres://me:hunter22@db/x")
    monkeypatch.setenv("AIRFLOW_VAR_REGION", "eu")
    code, out, err = run_cli("run", "shop.job.load")
    assert code == 0
    found = variables(stub)
    assert (found["DB"], found["REGION"]) == ("postgresql://me:hunter22@db/x", "eu")
    assert found["MELTANO_RUNNER_SECRET_NAMES"] == "DB,REGION"
    assert found["MELTANO_RUNNER_NOT_SECRET"] == "A_KEY"
    assert not [name for name in found if name.startswith("AIRFLOW")]
    assert "hunter22" not in out + err
    for arguments in (("plan", "--format", "json"), ("plan", "shop.job.load"), ("validate",)):
        _, out, err = run_cli(*arguments)
        assert "hunter22" not in out + err


def test_a_good_dag_of_a_project_with_a_broken_one(root: Path, run_cli: RunCli, stub: Path) -> None:
    result = json.dumps(RunResult(Outcome.SUCCEEDED, 0).as_dict())
    write_stub(stub, f"echo '{result}' > $MELTANO_RUNNER_RESULT_FILE")
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins: {utilities: [{name: a}]}\n"
        "jobs: [{name: load, tasks: a}, {name: bad, tasks: [a, b, {}]}]\n"
    )
    code, out, err = run_cli("run", "shop.job.load")
    assert code == 0
    assert out.startswith("a: succeeded")
    assert "warning: the project shop has 2 errors, and shop.job.bad cannot run; `" in err
    code, out, err = run_cli("run", "shop.job.bad")
    assert (code, out) == (1, "")
    assert err.count("where: meltano/shop/meltano.yml, line 2, key jobs[1].tasks[") == 2
    assert "Did you mean `shop.job.bad`?" in run_cli("run", "shop.job.bat")[2]


def test_a_custom_dag_leads_to_the_command_that_runs_it(root: Path, run_cli: RunCli) -> None:
    file = root / "dags" / "publish.py"
    file.write_text('from airflow.sdk import DAG\nwith DAG("publish_orders"): ...\n')
    code, _, err = run_cli("run", "publish_orders")
    assert code == 1
    assert "`publish_orders` is a custom DAG" in err
    assert "make run DAG=publish_orders" in err
    assert "dags/publish.py" in err
    assert "there is no DAG `publish_order`" in run_cli("run", "publish_order")[2]
