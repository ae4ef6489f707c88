"""The variables that no DAG may have are those by which Meltano takes options of a run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from meltano_pods.settings.types.env import check_variable

pytestmark = pytest.mark.meltano

PYTHON = Path(__file__).parents[2] / ".venv-meltano" / "bin" / "python"
ASK = """
import json
from meltano.cli import cli
found = [
    parameter.envvar
    for command in ("run", "el")
    for parameter in cli.commands[command].params
    if isinstance(parameter.envvar, str)
]
print(json.dumps(found))
"""


def test_every_option_by_variable_is_refused() -> None:
    done = subprocess.run([PYTHON, "-c", ASK], capture_output=True, text=True, check=True)
    names = json.loads(done.stdout)
    assert "MELTANO_RUN_STATE_ID_SUFFIX" in names
    for name in names:
        with pytest.raises(ValueError, match=f"{name} is an option of Meltano's run"):
            check_variable(name, "1")
