"""How `make run` ends when its user stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from unittest.mock import create_autospec

import pytest
from airflow.sdk import BaseOperator
from meltano_pods.local.operator import MeltanoLocalOperator

from tests.support.stub import alive, wait_until
from tools import local_run, stoppable
from tools.stop_listener import STOP_SIGNAL, StopListener
from tools.stoppable import InterruptedRunError, Stoppable

if TYPE_CHECKING:
    from pathlib import Path

# Starts a child of its own; on the signal it takes its time, says so, and ends with 0.
_DRAINING = f"""\
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
stopped = []
signal.signal({int(STOP_SIGNAL)}, lambda *_: stopped.append(1))
print("pids", os.getpid(), child.pid, flush=True)
while not stopped:
    signal.pause()
print("draining", flush=True)
child.kill()
print("saved", flush=True)
"""
_WAIT = "import time; time.sleep(600)"
_STUBBORN = _DRAINING.replace("while not stopped", "while True").replace(
    "lambda *_: stopped.append(1)", 'lambda *_: print("draining", flush=True)'
)


def start(tmp_path: Path, code: str) -> Stoppable:
    return Stoppable([sys.executable, "-c", code], directory=tmp_path, environment=os.environ)


def follow(process: Stoppable, signals: dict[str, int]) -> list[str]:
    """Return its lines; send this process a signal when a line begins with a key."""
    lines = []
    for line in process.lines():
        lines.append(line.rstrip())
        if number := signals.pop(line.split()[0], 0):
            os.kill(os.getpid(), number)
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_process_in_order(
    number: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(InterruptedRunError, match="resumes") as caught, start(
        tmp_path, _DRAINING
    ) as process:  # fmt: skip
        lines = follow(process, {"pids": number})
    assert lines[1:] == ["draining", "saved"]
    assert caught.value.status == 128 + number
    (shown,) = capfd.readouterr().err.splitlines()
    assert "stopping the run, which saves its state" in shown
    assert signal.getsignal(number) is before


def test_the_same_signal_once_more_at_the_same_moment_kills_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stoppable, "_SAME_SIGNAL_SECONDS", 600.0)
    with pytest.raises(InterruptedRunError, match="resumes"), start(tmp_path, _DRAINING) as process:
        assert follow(process, {"pids": signal.SIGINT, "draining": signal.SIGINT})[-1] == "saved"


def test_a_second_interrupt_kills_all_that_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stoppable, "_SAME_SIGNAL_SECONDS", 0.0)
    with pytest.raises(InterruptedRunError, match="killed"), start(tmp_path, _STUBBORN) as process:
        lines = follow(process, {"pids": signal.SIGINT, "draining": signal.SIGINT})
    pids = [int(each) for each in lines[0].split()[1:]]
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_a_killed_parent_leaves_nothing() -> None:
    parent = f"""\
import os, pathlib, sys
from tools.stoppable import Stoppable
command = [sys.executable, "-c", "import os; print(os.getpid(), flush=True);" {_WAIT!r}]
with Stoppable(command, directory=pathlib.Path.cwd(), environment=os.environ) as process:
    for line in process.lines():
        print(line, end="", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert alive(pid)
        process.kill()
    wait_until(lambda: not alive(pid))


def test_before_its_handler_is_installed_it_ends_at_once(tmp_path: Path) -> None:
    code = 'import time; print("loading", flush=True); time.sleep(600)'
    with pytest.raises(InterruptedRunError, match="before its first task"), start(
        tmp_path, code
    ) as process:  # fmt: skip
        follow(process, {"loading": signal.SIGINT})


def test_an_error_of_whoever_reads_it_stops_it_in_order(tmp_path: Path) -> None:
    process = start(tmp_path, _DRAINING)
    with pytest.raises(BrokenPipeError), process:
        _raise_at_first_line(process)
    assert process.wait() == 0  # it has ended, and was not killed


def _raise_at_first_line(process: Stoppable) -> None:
    next(iter(process.lines()))
    raise BrokenPipeError


def test_an_interrupt_while_there_is_no_run_yet(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local_run, "_run", lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert local_run.main([]) == 130
    assert "before the run began" in capfd.readouterr().err


def test_a_closed_output_leaves_no_traceback() -> None:
    code = """\
import sys
from tools import local_run
def run(_):
    while True:
        local_run._show("x" * 1000)
local_run._run = run
sys.exit(local_run.main([]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        (shown,) = process.stderr.read().splitlines()
    assert "nobody reads its output" in shown
    assert "is saved" not in shown  # there may have been none to save
    assert process.returncode == 141


class TestListener:
    """What the signal does in Airflow's half."""

    @pytest.fixture
    def exits(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        exits: list[int] = []

        def leave(status: int) -> None:
            exits.append(status)
            raise SystemExit

        monkeypatch.setattr(os, "_exit", leave)
        return exits

    @staticmethod
    def running(monkeypatch: pytest.MonkeyPatch, task: object) -> None:
        monkeypatch.setattr("airflow.sdk.get_current_context", lambda: {"task": task})

    def test_a_run_of_meltano_is_waited_for_and_no_other_task_starts(
        self, exits: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.running(monkeypatch, task := create_autospec(MeltanoLocalOperator, instance=True))
        listener = StopListener()
        listener.on_task_instance_running()
        listener.stop()
        task.on_kill.assert_called_once_with()
        assert exits == []
        with pytest.raises(SystemExit):
            listener.on_task_instance_running()
        assert exits == [1]

    def test_any_other_task_is_killed(
        self, exits: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.running(monkeypatch, task := create_autospec(BaseOperator, instance=True))
        with pytest.raises(SystemExit):
            StopListener().stop()
        task.on_kill.assert_called_once_with()
        assert exits == [1]

    def test_output_that_nobody_reads_is_discarded_first(
        self, exits: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        discarded: list[int] = []
        monkeypatch.setattr(os, "dup2", lambda _, number: discarded.append(number))
        listener = StopListener()
        monkeypatch.setattr(os, "getppid", lambda: 1)
        with pytest.raises(SystemExit):
            listener.stop()
        assert discarded == [1, 2]
        assert exits == [1]

    def test_between_tasks_it_ends_at_once(self, exits: list[int]) -> None:
        with pytest.raises(SystemExit):
            StopListener().stop()
        assert exits == [1]
