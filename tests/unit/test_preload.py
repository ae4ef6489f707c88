"""The plugin that imports the Kubernetes provider where tasks begin as forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "plugins" / "preload.py"
# In a process of its own: what this one has imported says nothing.
_PROGRAM = f"""\
import runpy, sys
plugin = runpy.run_path({str(PLUGIN)!r})["PreloadPlugin"]
plugin.on_load()
print("airflow.providers.cncf.kubernetes.operators.pod" in sys.modules)
"""


@pytest.mark.parametrize(
    ("command", "executor", "preloads"),
    [
        ("scheduler", "LocalExecutor", True),
        ("scheduler", "KubernetesExecutor", False),
        ("api-server", "LocalExecutor", False),
    ],
)
def test_only_a_scheduler_whose_tasks_are_its_forks_imports_the_provider(
    command: str, executor: str, *, preloads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM, command], capture_output=True, text=True, check=True
    ).stdout
    assert said.splitlines()[-1] == str(preloads)
