"""Execution mode `local` against a stub of the runner: our own logic, with real processes."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout
from airflow.sdk.execution_time.context import OutletEventAccessors
from meltano_pods.failures import NonRetryableRunError, RunFailedError
from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.local.runner import RunnerMissingError
from meltano_runner.contract.categories import Category
from meltano_runner.contract.dbt import DbtNode, DbtResult
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

from tests.support import dag_runs
from tests.support.finished_task import Ti
from tests.support.stub import Recorder, alive, reporting, wait_until, write_stub
from tests.support.tasks import planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow.sdk import Context

OK = RunResult(
    outcome=Outcome.SUCCEEDED,
    exit_code=0,
    extracted=1200,
    seconds=4.1,
    pipelines=(
        PipelineResult(
            "tap-csv",
            "target-jsonl",
            "dev:x",
            state_saved=True,
            streams=(StreamResult("csv", 1200, 1200, "2026-01-02"),),
        ),
    ),
)
FAILED = RunResult(
    outcome=Outcome.FAILED,
    exit_code=1,
    category=Category.TARGET_FAILED,
    failed_plugin="target-jsonl",
    error="PermissionError: output",
)
WAIT = "trap 'exit 143' TERM\ntouch $STUB_DIR/ready\nwhile :; do sleep 0.05; done\n"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ExecutorSafeguard, "test_mode", True)
    monkeypatch.setenv("STUB_DIR", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__RUNNER", str(tmp_path / "meltano-runner"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield
    assert not list((tmp_path / "tmp").iterdir()), "a private folder leaked"


@pytest.fixture
def operator(tmp_path: Path) -> Callable[..., MeltanoLocalOperator]:
    def make(
        body: str, termination_grace_period: float = 120, **content: Any
    ) -> MeltanoLocalOperator:
        write_stub(tmp_path, body)
        project = tmp_path / "meltano" / "shop"
        project.mkdir(parents=True)
        run = planned("tap-csv", "target-jsonl", folder=project, **content)
        made = MeltanoLocalOperator(
            task_id="t", project=project, run=run, choices=dag_runs.choices()
        )
        made.termination_grace_period = termination_grace_period
        return made

    return make


def context(**params: object) -> Context:
    made = dag_runs.context(Ti(), **params)
    return cast("Context", {**made, "outlet_events": OutletEventAccessors()})


def test_success_returns_the_result(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path
) -> None:
    task = operator(
        reporting(OK), environment="dev", env={"GREETING": "hi"}, termination_grace_period=30
    )
    assert task.execute(context()) == OK.as_dict()
    assert (tmp_path / "arguments").read_text() == "run tap-csv target-jsonl\n"
    assert (tmp_path / "directory").read_text().strip() == task.project_folder


def test_what_the_run_sees_of_the_environment(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW_CONN_DB", "AIRFLOW_VAR_X", "AIRFLOW_HOME",
        "_AIRFLOW_PARSING_CONTEXT_DAG_ID", "__AIRFLOW_SUPERVISOR_FD", "PYTHONPATH", "VIRTUAL_ENV",
    ):  # fmt: skip
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", "/elsewhere")
    monkeypatch.setenv("TAP_CSV_PATH", "kept")
    defaults = '{"TAP_CSV_PATH": "not this", "GREETING": "nor this", "OUTPUT": "/data/{project}"}'
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__LOCAL_ENV", defaults)
    task = operator(
        reporting(OK), environment="prod", env={"GREETING": "hi"}, termination_grace_period=30
    )
    task.execute(context(log_level="debug"))
    seen = dict(
        line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line
    )
    assert not [name for name in seen if "AIRFLOW" in name]
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(seen)
    assert seen["MELTANO_PROJECT_ROOT"] == task.project_folder
    assert seen["MELTANO_ENVIRONMENT"] == "prod"
    assert seen["MELTANO_CLI_LOG_LEVEL"] == "debug"
    assert seen["MELTANO_RUNNER_GRACE_SECONDS"] == "30"
    assert seen["MELTANO_PODS_DATA_INTERVAL_END"] == "2026-01-02T00:00:00Z"
    assert (seen["GREETING"], seen["TAP_CSV_PATH"]) == ("hi", "kept")
    assert seen["OUTPUT"] == "/data/shop"


@pytest.mark.parametrize("full_refresh", [True, False])
def test_full_refresh(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path, full_refresh: bool
) -> None:
    operator(reporting(OK)).execute(context(full_refresh=full_refresh))
    given = (tmp_path / "arguments").read_text()
    assert ("--full-refresh" in given) is full_refresh


def test_the_log(
    operator: Callable[..., MeltanoLocalOperator], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last of these is the run's own error, which the task's error explains better.
    lines = ("ERROR target-jsonl: oh no", "ERROR meltano-runner: why", "DEBUG meltano: detail")
    body = "".join(f"echo '{line}'\n" for line in lines)
    task = operator(body + "printf plain\necho\n" + reporting(OK))
    recorder, log = Recorder(), logging.getLogger("task of this test")
    log.addHandler(recorder)
    log.setLevel(logging.INFO)
    monkeypatch.setattr(MeltanoLocalOperator, "log", log)
    task.execute(context())
    shown = recorder.lines
    assert ("INFO", "tap-csv: hello") in shown
    assert ("ERROR", "target-jsonl: oh no") in shown
    assert ("INFO", "DEBUG meltano: detail") in shown
    assert ("INFO", "plain") in shown
    assert shown[-2:] == [
        ("INFO", "  csv: 1,200 extracted, 1,200 loaded; bookmark 2026-01-02"),
        ("INFO", "succeeded: 1,200 records extracted, loaded: unknown in 4.1 s; state dev:x saved"),
    ]
    assert not [line for _, line in shown if "meltano_runner_result" in line or "why" in line]


def test_failure_explains_itself(operator: Callable[..., MeltanoLocalOperator]) -> None:
    with pytest.raises(RunFailedError) as caught:
        operator(reporting(FAILED)).execute(context())
    text = str(caught.value)
    for part in (
        "target_failed: The target (loader) ended with an error.",
        "plugin: target-jsonl",
        "error: PermissionError: output",
        "retry: this was try 1 of 3",
        "where: shop: meltano-runner run tap-csv target-jsonl",
        "fix: Read the target's error above",
    ):
        assert part in text
    assert isinstance(caught.value, AirflowException)
    assert not isinstance(caught.value, AirflowFailException)


def test_a_failed_dbt_test_is_named_with_the_way_to_run_it_again(
    operator: Callable[..., MeltanoLocalOperator],
) -> None:
    nodes = [DbtNode("stg_orders", "model", "success"), DbtNode("no_lost", "test", "fail")]
    result = RunResult(
        Outcome.FAILED, 1, Category.DBT_TEST_FAILED, "dbt-postgres", "test no_lost: fail",
        seconds=2.0, dbt=(DbtResult.from_nodes("dbt-postgres", "build", 1.5, nodes),),
    )  # fmt: skip
    with pytest.raises(NonRetryableRunError) as caught:
        operator(reporting(result)).execute(context())
    text = str(caught.value)
    assert "`meltano invoke dbt-postgres test --select no_lost`" in text
    assert "dbt-postgres build: 2 nodes, 1 fail, 1 success" in text


def test_what_a_retry_cannot_mend_is_not_retried(
    operator: Callable[..., MeltanoLocalOperator],
) -> None:
    result = RunResult(Outcome.FAILED, 1, Category.CONFIG_INVALID, "tap-csv", "no `path`")
    with pytest.raises(NonRetryableRunError, match="retry: no") as caught:
        operator(reporting(result)).execute(context())
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    ("body", "category", "part"),
    [
        ("exit 3", Category.UNKNOWN, "exit code 3; it left no result"),
        ("exit 0", Category.UNKNOWN, "exit code 0; it left no result"),
        ("kill -9 $$", Category.OUT_OF_MEMORY, "killed by signal 9"),
        ("kill -15 $$", Category.STOPPED, "SIGTERM from outside"),
        ("echo '{' > $MELTANO_RUNNER_RESULT_FILE; exit 1", Category.UNKNOWN, "cannot be read"),
    ],
)
def test_without_a_result(
    operator: Callable[..., MeltanoLocalOperator], body: str, category: Category, part: str
) -> None:
    with pytest.raises(RunFailedError, match=part) as caught:
        operator(body).execute(context())
    assert caught.value.category is category


def test_no_runner(
    operator: Callable[..., MeltanoLocalOperator], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = operator("")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__RUNNER", "/nowhere/meltano-runner")
    with pytest.raises(RunnerMissingError, match="tried: /nowhere/meltano-runner"):
        task.execute(context())
    monkeypatch.delenv("AIRFLOW__MELTANO_PODS__RUNNER")
    with pytest.raises(RunnerMissingError, match=r"\.venv-meltano/bin/meltano-runner") as caught:
        task.execute(context())
    assert isinstance(caught.value, AirflowFailException)


def _kill_when_ready(task: MeltanoLocalOperator, ready: Path) -> threading.Thread:
    """Send this process the signal on which Airflow calls `on_kill`, once the stub waits."""
    signal.signal(signal.SIGTERM, lambda *_: task.on_kill())

    def kill() -> None:
        wait_until(ready.exists)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.fixture
def _sigterm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_sigterm")
@pytest.mark.parametrize(
    "ending", ["exit 143", reporting(OK).replace("\n", "; ")], ids=["143", "0"]
)
def test_a_killed_task_is_never_a_success(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path, ending: str
) -> None:
    body = f"finish() {{ {ending.strip('; ')}; }}\n" + WAIT.replace("'exit 143'", "finish")
    task = operator(body)
    thread = _kill_when_ready(task, tmp_path / "ready")
    with pytest.raises(RunFailedError, match="stopped: ") as caught:
        task.execute(context())
    thread.join()
    assert caught.value.category is Category.STOPPED
    assert not alive(int((tmp_path / "pid").read_text()))


@pytest.mark.usefixtures("_sigterm")
def test_a_run_that_does_not_heed_is_killed_with_all_it_started(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meltano_pods.local.run._MARGIN_SECONDS", 0.0)
    body = (
        "trap '' TERM\nsetsid sleep 300 & echo $! > $STUB_DIR/other\ntouch $STUB_DIR/ready\n"
        "while :; do sleep 0.05; done\n"
    )
    task = operator(body, termination_grace_period=0.5)
    thread = _kill_when_ready(task, tmp_path / "ready")
    with pytest.raises(RunFailedError, match="killed after its grace"):
        task.execute(context())
    thread.join()
    for name in ("pid", "other"):
        assert not alive(int((tmp_path / name).read_text()))


def test_what_outlives_the_runner_is_killed(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path
) -> None:
    operator("setsid sleep 300 &\necho $! > $STUB_DIR/other\n" + reporting(OK)).execute(context())
    assert not alive(int((tmp_path / "other").read_text()))


def test_execution_timeout_stops_the_run(
    operator: Callable[..., MeltanoLocalOperator], tmp_path: Path
) -> None:
    task = operator(WAIT)

    def expire(*_: object) -> None:
        raise AirflowTaskTimeout("Timeout")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, 0.7)
    try:
        with pytest.raises(AirflowTaskTimeout):
            task.execute(context())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not alive(int((tmp_path / "pid").read_text()))
