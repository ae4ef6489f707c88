"""Which of Meltano's children are plugins."""

from __future__ import annotations

import subprocess
import sys

import pytest
from meltano_runner.run import processes

# Starts a child as any start begins: with a copy of itself, which becomes a plugin later or never.
_PARENT = """\
import os, sys, time
ready, go = os.pipe()
if os.fork() == 0:
    os.read(ready, 1)
    mark = "/x/target.00000000-0000-0000-0000-000000000000.config.json"
    os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(60)", mark])
print("forked", flush=True)
sys.stdin.readline()
os.write(go, b"x")
os.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_that_is_just_being_started_is_no_plugin_yet() -> None:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", _PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin
        assert parent.stdout
        assert parent.stdout.readline() == "forked\n"
        assert not any(processes.find_plugins(parent.pid).values())
        print(file=parent.stdin, flush=True)
        while not (target := processes.find_plugins(parent.pid)["target"]):
            assert parent.poll() is None
        target[0].kill()
    assert not any(processes.find_plugins(parent.pid).values())
