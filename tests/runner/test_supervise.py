"""How a run is watched and ended, with a stand-in for Meltano (see `fake_meltano.py`)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import decode_log_lines, decode_result
from meltano_runner.contract.result import Outcome, RunResult
from meltano_runner.run.logging_config import get_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAKE = Path(__file__).parent / "fake_meltano.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are found on Linux only")


class Run:
    """A `meltano-runner` process."""

    def __init__(self, tmp_path: Path, *arguments: str, grace: float = 20, **env: str) -> None:
        fake = tmp_path / "bin" / "meltano"
        fake.parent.mkdir(exist_ok=True)
        fake.write_text(f"#!{sys.executable} -S\n{FAKE.read_text()}")
        fake.chmod(0o755)
        self.result_file = tmp_path / "result"
        environment = {
            "PATH": f"{fake.parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TMPDIR": str(tmp_path),
            "MELTANO_RUNNER_RESULT_FILE": str(self.result_file),
            "MELTANO_RUNNER_GRACE_SECONDS": str(grace),
            **env,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "meltano_runner", *arguments],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log = ""

    def until(self, word: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.log += line
            if word in line:
                return
        raise AssertionError(f"{word!r} not in the log:\n{self.log}")

    def end(self) -> RunResult:
        self.log += self.process.communicate(timeout=30)[0]
        result = decode_result(self.result_file.read_text())
        assert result.exit_code == self.process.returncode
        assert decode_result(self.log.splitlines()[-1]) == result
        return result


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def started(*arguments: str, grace: float = 20, **env: str) -> Run:
        runs.append(Run(tmp_path, *arguments, grace=grace, **env))
        return runs[-1]

    yield started
    for run in runs:
        run.process.kill()
        run.process.communicate()
    # Whatever the test was about, nothing may be left: neither processes nor files.
    marked = [
        p
        for p in psutil.process_iter(["environ"])
        if (p.info["environ"] or {}).get("TMPDIR", "").startswith(str(tmp_path))
    ]
    deadline = time.monotonic() + 5
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in marked):
        assert time.monotonic() < deadline, marked
        time.sleep(0.05)
    assert {path.name for path in tmp_path.iterdir()} <= {".meltano", "bin", "result"}


def test_success(start: Callable[..., Run]) -> None:
    run = start("run", "succeeds")
    assert run.end().outcome is Outcome.SUCCEEDED
    assert "INFO meltano: hello" in run.log
    *before, last = run.log.splitlines()
    assert decode_log_lines(last) == len(before)


def test_a_run_imports_only_what_it_needs(start: Callable[..., Run]) -> None:
    run = start("run", "succeeds", PYTHONPROFILEIMPORTTIME="1")
    assert run.end().outcome is Outcome.SUCCEEDED
    imported = {line.rpartition("|")[2].strip() for line in run.log.splitlines()}
    assert "meltano_runner.run.session" in imported
    assert imported.isdisjoint({"difflib", "psutil", "sqlite3"})


def test_the_two_logging_configurations_differ_in_the_root_level_alone() -> None:
    info, debug = (json.loads(Path(get_path(level)).read_text()) for level in ("info", "debug"))
    assert (info["root"].pop("level"), debug["root"].pop("level")) == ("INFO", "DEBUG")
    assert info == debug


def test_json_lines_on_request(start: Callable[..., Run]) -> None:
    run = start("run", "succeeds", MELTANO_RUNNER_LOG_FORMAT="json")
    run.end()
    assert '{"event": "hello", "level": "info"}' in run.log


@pytest.mark.parametrize(("behaviour", "code"), [("exits", 7), ("killed", 137)])
def test_meltanos_exit_code_is_the_runners(
    start: Callable[..., Run], behaviour: str, code: int
) -> None:
    result = start("run", behaviour).end()
    assert (result.outcome, result.exit_code) == (Outcome.FAILED, code)


@pytest.mark.parametrize("behaviour", ["drains", "shell"])
def test_sigterm_reaches_the_tap_alone_and_the_target_drains(
    start: Callable[..., Run], behaviour: str
) -> None:
    run = start("run", behaviour)
    run.until("ready")
    run.process.send_signal(signal.SIGTERM)
    result = run.end()
    assert (result.outcome, result.category, result.exit_code) == (
        Outcome.STOPPED,
        Category.STOPPED,
        143,
    )
    assert "target ended with 0" in run.log
    assert result.pipelines[0].state_saved


def test_a_timeout_stops_in_the_same_way(start: Callable[..., Run]) -> None:
    run = start("run", "drains", "--timeout", "1")
    result = run.end()
    assert (result.outcome, result.category) == (Outcome.STOPPED, Category.TIMED_OUT)
    assert result.error == "stopped by timeout of 1 s"
    assert "target ended with 0" in run.log


@pytest.mark.parametrize("behaviour", ["computes", "writes"])
def test_a_silent_run_that_works_is_not_stalled(start: Callable[..., Run], behaviour: str) -> None:
    result = start("run", behaviour, "--stall-timeout", "2").end()
    assert result.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("behaviour", "role"), [("drains", "extractors"), ("deaf-target", "loaders")]
)
def test_a_run_in_which_nothing_happens_is_stopped_with_its_state(
    start: Callable[..., Run], behaviour: str, role: str
) -> None:
    names = {"extractors": "tap-a", "loaders": "target-b"}
    run = start("run", "tap-a", "target-b", "--stall-timeout", "2", behaviour, grace=6)
    result = run.end()
    assert (result.outcome, result.category) == (Outcome.STOPPED, Category.STALLED)
    assert result.failed_plugin == names[role]
    wanted = f"stopped by stall_timeout of 2 s: no activity of {names[role]}"
    assert wanted in (result.error or "")
    assert result.pipelines[0].state_saved == (role == "extractors")


def test_sigterm_while_meltano_starts(start: Callable[..., Run]) -> None:
    run = start("run", "starting", grace=6)
    run.until("ready")
    run.process.send_signal(signal.SIGTERM)
    assert run.end().outcome is Outcome.STOPPED


def test_sigterm_ends_a_utility(start: Callable[..., Run]) -> None:
    run = start("run", "utility")
    run.until("ready")
    run.process.send_signal(signal.SIGTERM)
    assert run.end().outcome is Outcome.STOPPED


def test_a_tap_that_ignores_sigterm_leaves_the_target_time_to_drain(
    start: Callable[..., Run],
) -> None:
    run = start("run", "stubborn-tap", grace=6)
    run.until("ready")
    run.process.send_signal(signal.SIGTERM)
    result = run.end()
    assert result.pipelines[0].state_saved
    assert "target ended with 0" in run.log


def test_everything_is_killed_when_the_grace_period_ends(start: Callable[..., Run]) -> None:
    run = start("run", "stubborn", grace=3)
    run.until("ready")
    began = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    result = run.end()
    assert time.monotonic() - began < 3
    assert result.outcome is Outcome.STOPPED
    assert "before the target had drained" in (result.error or "")


def test_a_second_sigterm_changes_nothing(start: Callable[..., Run]) -> None:
    run = start("run", "drains")
    run.until("ready")
    run.process.send_signal(signal.SIGTERM)
    run.process.send_signal(signal.SIGINT)
    assert run.end().pipelines[0].state_saved


def test_nothing_outlives_the_run(start: Callable[..., Run]) -> None:
    run = start("run", "orphan")
    assert run.end().outcome is Outcome.SUCCEEDED


def test_meltano_does_not_outlive_a_killed_runner(start: Callable[..., Run]) -> None:
    run = start("run", "starting")
    run.until("ready")
    run.process.kill()
    run.process.wait()  # the fixture finds Meltano if it is still there
    # Nobody is left to remove the folder of the run; the launcher has put it into one of its own.
    for folder in run.result_file.parent.glob("meltano-run-*"):
        shutil.rmtree(folder)


def test_odd_output_is_relayed_in_bounds(start: Callable[..., Run]) -> None:
    run = start("run", "odd-output")
    assert run.end().outcome is Outcome.SUCCEEDED
    assert "not text" in run.log
    assert " [2,983,630 more characters]" in run.log
    assert " [line cut]" not in run.log
    assert "no end of line" in run.log
    assert len(run.log) < 100_000


def test_a_flood_of_lines_is_bounded_and_its_end_is_shown(start: Callable[..., Run]) -> None:
    run = start("run", "floods")
    result = run.end()
    assert result.outcome is Outcome.SUCCEEDED
    assert 8_000_000 < len(run.log) < 9_000_000
    assert "lines are omitted: the log of a run is limited to 8 MiB" in run.log
    assert "line 199999 " in run.log
    assert "WARNING meltano: the disk is nearly full" in run.log


def test_a_line_of_any_length_takes_no_more_memory_than_a_long_one(
    start: Callable[..., Run],
) -> None:
    run = start("run", "one-line")
    result = run.end()
    assert result.outcome is Outcome.SUCCEEDED
    assert len(run.log) < 100_000
    assert "after the line" in run.log


def test_a_large_state_is_in_the_result(start: Callable[..., Run]) -> None:
    run = start("run", "large-state")
    result = run.end()
    (stream,) = result.pipelines[0].streams
    assert (stream.stream, stream.bookmark) == ("orders", "2026-01-01")
    assert len(run.log) < 100_000


def test_a_secret_is_in_neither_log_nor_result(start: Callable[..., Run]) -> None:
    run = start("run", "secret", TAP_PASSWORD="hunter2hunter2")
    run.end()
    assert "hunter2" not in run.log + run.result_file.read_text()
    assert run.log.count("***") >= 2


def test_misuse_writes_a_result_too(start: Callable[..., Run]) -> None:
    result = start("run", "--nope").end()
    assert (result.category, result.exit_code) == (Category.CONFIG_INVALID, 2)


def test_a_missing_meltano_writes_a_result_too(start: Callable[..., Run]) -> None:
    result = start("run", "succeeds", PATH="/nowhere").end()
    assert result.category is Category.PLUGIN_MISSING
    assert "Meltano" in (result.error or "")


def test_a_result_file_that_cannot_be_written_is_said(start: Callable[..., Run]) -> None:
    run = start("run", "succeeds", MELTANO_RUNNER_RESULT_FILE="/nowhere/result")
    run.log = run.process.communicate(timeout=30)[0]
    assert run.process.returncode == 0
    assert "cannot write the result to /nowhere/result" in run.log
