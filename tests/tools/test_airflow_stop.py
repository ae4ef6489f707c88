"""How `make airflow` ends: Airflow may take its time, and a second Ctrl+C kills all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from meltano_pods.local import guard

from tests.support.checkout import ROOT
from tests.support.stub import alive, wait_until

if TYPE_CHECKING:
    from pathlib import Path

# An Airflow that ignores Ctrl+C, and a run in a session of its own, with its guard.
_AIRFLOW = f"""\
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
read, write = os.pipe()
run = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
guard = subprocess.Popen(
    [sys.executable, {guard.__file__!r}, "120", sys.argv[1], str(read),
     sys.executable, "-c", run],
    stdin=subprocess.PIPE, stdout=write, pass_fds=[read], start_new_session=True,
)
os.close(write)
pids = [os.getpid(), guard.pid, int(os.read(read, 20))]
print("pids", *pids, file=sys.stderr, flush=True)
signal.pause()
"""
_MAKE_AIRFLOW = f"""\
import signal, subprocess, sys
from tools.airflow_here import stop
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.default_int_handler)
airflow = subprocess.Popen(
    [sys.executable, "-c", {_AIRFLOW!r}, sys.argv[1]], start_new_session=True,
    stderr=subprocess.PIPE, text=True,
)
try:
    print(airflow.stderr.readline(), end="", flush=True)
    signal.pause()
except KeyboardInterrupt:
    stop(airflow)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_all_of_it(number: signal.Signals, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", _MAKE_AIRFLOW, str(private)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout as shown:
        pids = [int(each) for each in shown.readline().split()[1:]]
        process.send_signal(number)
        assert shown.readline() == "\n"
        assert "up to 30 s (Ctrl+C again kills it" in shown.readline()
        assert all(map(alive, pids))
        process.send_signal(number)
        assert "Killing" in shown.read()
    assert process.returncode == 0
    wait_until(lambda: not any(map(alive, pids)))
    assert not private.exists()
