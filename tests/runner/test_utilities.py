"""Utilities other than dbt, with Meltano itself: whose fault, its last words, its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract import Category, Outcome

from tests.runner.pipeline import Pipeline

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.meltano

MELTANO = """
project_id: utilities
default_environment: dev
environments: [{name: dev}]
plugins:
  utilities:
  - name: ledger
    namespace: ledger
    executable: ./ledger.sh
    commands: {good: good, bad: bad, silent: silent}
  - {name: gone, namespace: gone, executable: ./gone.sh}
"""
SCRIPT = """#!/bin/sh
case "$1" in
bad) echo "cannot open the ledger of $2$TOKEN" >&2; exit 7;;
silent) exit 3;;
esac
echo "fine $*"
"""


@pytest.mark.parametrize(
    ("blocks", "category", "plugin", "error"),
    [
        ("ledger:bad", Category.UTILITY_FAILED, "ledger",
         "cannot open the ledger of *** (exit code 7)"),
        ("ledger:good ledger:silent", Category.UTILITY_FAILED, "ledger", "exit code"),
        ("ledger:nope", Category.CONFIG_INVALID, "ledger", "bad, silent"),
        ("gone", Category.PLUGIN_MISSING, "gone", "./gone.sh"),
        ("ledger ledger:good", None, None, None),
    ],
)  # fmt: skip
def test_a_utility(
    tmp_path: Path, blocks: str, category: Category | None, plugin: str | None, error: str | None
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(MELTANO)
    (project / "ledger.sh").write_text(SCRIPT)
    (project / "ledger.sh").chmod(0o755)
    pipeline = Pipeline(tmp_path)
    result = pipeline.run(
        *blocks.split(), MELTANO_PROJECT_ROOT=str(project), PWD=str(project), TOKEN="s3cr3t-t0ken"
    )
    assert result.outcome is (Outcome.SUCCEEDED if category is None else Outcome.FAILED)
    assert (result.category, result.failed_plugin) == (category, plugin), pipeline.log()
    if error:
        assert error in (result.error or "")
