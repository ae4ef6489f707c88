"""The guard ends a run whose task was killed, and clears up after it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT
from tests.support.stub import alive, wait_until, write_stub

if TYPE_CHECKING:
    from pathlib import Path

_CHILD = ROOT / "include/meltano_pods/local/child.py"

# A task that starts a run, tells its process id, and waits to be killed.
_TASK = """\
import importlib.util, os, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("child", sys.argv[4])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)  # by path: the package would import Airflow, which takes seconds
child = module.Child(
    [sys.argv[1], "run"], directory=Path(sys.argv[2]), environment=os.environ, grace=1,
    private=Path(sys.argv[3]),
)
for line in child.lines():
    pass
child.close()
"""


@pytest.mark.parametrize("way", ["heeds", "writes a lot", "ignores"])
def test_a_run_ends_after_its_task_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    ending = {
        "heeds": "trap 'touch $STUB_DIR/heeded; exit 143' TERM\n",
        # More than a pipe holds: it would block, or die, if nobody read it.
        "writes a lot": (
            "trap 'head -c 1000000 /dev/zero && touch $STUB_DIR/heeded; exit 143' TERM\n"
        ),
        "ignores": "trap '' TERM\n",
    }[way]
    stub = write_stub(
        tmp_path,
        ending + "setsid sleep 300 & echo $! > $STUB_DIR/other\ntouch $STUB_DIR/ready\n"
        "while :; do sleep 0.05; done\n",
    )
    monkeypatch.setenv("STUB_DIR", str(tmp_path))
    private = tmp_path / "private"
    private.mkdir()
    given = map(str, (stub, tmp_path, private, _CHILD))
    task = subprocess.Popen([sys.executable, "-c", _TASK, *given])
    wait_until((tmp_path / "ready").exists)
    task.kill()
    task.wait()
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "other")]
    wait_until(lambda: not any(map(alive, pids)))
    wait_until(lambda: not private.exists())
    assert (tmp_path / "heeded").exists() is (way != "ignores")


def test_without_its_guard_a_run_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_DIR", str(tmp_path))
    stub = write_stub(tmp_path, "kill -9 $PPID\ntouch $STUB_DIR/ready\nsleep 300\n")
    private = tmp_path / "private"
    private.mkdir()
    given = map(str, (stub, tmp_path, private, _CHILD))
    task = subprocess.Popen([sys.executable, "-c", _TASK, *given])
    assert task.wait(20) == 0
    wait_until(lambda: not alive(int((tmp_path / "pid").read_text())))
