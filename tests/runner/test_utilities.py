"""Utilities other than dbt, with Meltano itself: the failed plugin, its error, its exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome

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
# The plugin's own settings and `env`, by the names that dbt reads.
DBT = """
project_id: paths
default_environment: dev
environments: [{name: dev}]
plugins:
  utilities:
  - &dbt
    name: dbt
    namespace: dbt
    executable: ./paths.sh
    settings: [{name: target_path, env: DBT_TARGET_PATH}]
  - {<<: *dbt, name: dbt-config, namespace: dbt_config, config: {target_path: /kept/target}}
  - {<<: *dbt, name: dbt-env, namespace: dbt_env, env: {DBT_TARGET_PATH: /kept/target}}
"""
PATHS = """#!/bin/sh
echo "target is $DBT_TARGET_PATH"
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


@pytest.mark.parametrize(
    ("plugin", "target"),
    [("dbt", "SCRATCH/dbt/target"), ("dbt-config", "/kept/target"), ("dbt-env", "/kept/target")],
)
def test_dbt_writes_where_the_project_says_or_to_the_scratch_folder(
    tmp_path: Path, plugin: str, target: str
) -> None:
    project, scratch = tmp_path / "project", tmp_path / "scratch"
    for each in (project, scratch):
        each.mkdir()
    (project / "meltano.yml").write_text(DBT)
    (project / "paths.sh").write_text(PATHS)
    (project / "paths.sh").chmod(0o755)
    pipeline = Pipeline(tmp_path)
    result = pipeline.run(
        plugin, MELTANO_PROJECT_ROOT=str(project), PWD=str(project),
        MELTANO_RUNNER_SCRATCH=str(scratch),
    )  # fmt: skip
    assert result.outcome is Outcome.SUCCEEDED, pipeline.log()
    pattern = target.replace("SCRATCH", rf"{scratch}/meltano-run-\w+")
    assert re.search(f"target is {pattern}$", pipeline.log(), re.MULTILINE), pipeline.log()
    assert not list(scratch.iterdir())  # gone with the run
