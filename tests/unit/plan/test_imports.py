"""What planning imports: every DAG file pays for it at each parse."""

from __future__ import annotations

import subprocess
import sys

# Only runs need the rest of the contract.
CONTRACT = {"digest", "environment", "secret_rule"}


def test_planning_imports_little() -> None:
    code = "import sys, meltano_pods.plan, meltano_pods.project; print(*sys.modules)"
    command = [sys.executable, "-W", "error", "-c", code]
    imported = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    contract = "meltano_runner.contract."
    found = {each.removeprefix(contract) for each in imported if each.startswith(contract)}
    assert found <= CONTRACT
    others = ("meltano_pods.parameters.choices", "meltano_pods.cli", "airflow", "kubernetes")
    assert not [each for each in imported if each.startswith(others)]
