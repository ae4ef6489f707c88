"""The plugin that imports the Kubernetes provider where tasks begin as forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "plugins" / "preload.py"
CASES = [
    ("api-server", "LocalExecutor", False),
    ("scheduler", "KubernetesExecutor", False),
    ("scheduler", "LocalExecutor", True),  # the last: what is imported stays so
]
# In a process of its own, for what this one has imported says nothing; one for all, as it takes
# seconds.
_PROGRAM = f"""\
import os, runpy, sys
plugin = runpy.run_path({str(PLUGIN)!r})["PreloadPlugin"]
for command, executor, _ in {CASES!r}:
    sys.argv[1:] = [command]
    os.environ["AIRFLOW__CORE__EXECUTOR"] = executor
    plugin.on_load()
    print(command, executor, "airflow.providers.cncf.kubernetes.operators.pod" in sys.modules)
"""


def test_only_a_scheduler_whose_tasks_are_its_forks_imports_the_provider() -> None:
    content = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    assert content.splitlines()[-len(CASES) :] == [" ".join(map(str, case)) for case in CASES]
