"""Legacy schedules with `transform`, with Meltano itself: what `meltano schedule run` does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome

from tests.runner.pipeline import Pipeline

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.meltano

RUN = ("tap-a", "target-b", "--state-id", "daily")
MELTANO = """
project_id: transform
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors: [{name: tap-a, namespace: tap_a, executable: ./tap.sh, capabilities: [state]}]
  loaders: [{name: target-b, namespace: target_b, executable: ./target.sh}]
  transformers:
  - name: dbt
    namespace: dbt
    executable: ./dbt.sh
    config: {project_dir: .}
    commands: {clean: clean, deps: deps, run: run}
schedules:
- {name: daily, interval: '@daily', extractor: tap-a, loader: target-b, transform: %s}
"""
TAP = """#!/bin/sh
case "$*" in
*--state*) echo '{"type": "RECORD", "stream": "s", "record": {"id": 2}}';;
*) echo '{"type": "SCHEMA", "stream": "s", "schema": {"properties": {}}, "key_properties": []}'
   echo '{"type": "RECORD", "stream": "s", "record": {"id": 1}}';;
esac
echo '{"type": "STATE", "value": {"bookmarks": {"s": {"id": 1}}}}'
"""
TARGET = """#!/bin/sh
while read -r line; do
  echo "$line" >>"$MELTANO_PROJECT_ROOT"/loaded
  case "$line" in *STATE*) echo '{"bookmarks": {"s": {"id": 1}}}';; esac
done
"""
DBT = """#!/bin/sh
echo "dbt $1 after $MELTANO_EXTRACT__LOAD_SCHEMA" >>"$MELTANO_PROJECT_ROOT"/transformed
if [ "$1" = "$FAIL" ]; then echo "model orders is broken" >&2; exit 2; fi
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in {"tap": TAP, "target": TARGET, "dbt": DBT}.items():
        (folder / f"{name}.sh").write_text(text)
        (folder / f"{name}.sh").chmod(0o755)
    # Meltano looks for one without a variant, whatever defines the plugin, and asks the Hub else.
    lock = folder / "plugins" / "extractors" / "tap-a.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text('{"plugin_type": "extractors", "name": "tap-a", "namespace": "tap_a"}')
    return folder


def test_what_runs_is_what_meltanos_schedule_runs(tmp_path: Path, project: Path) -> None:
    (project / "meltano.yml").write_text(MELTANO % "run")
    pipeline = Pipeline(tmp_path)
    here = {"MELTANO_PROJECT_ROOT": str(project), "PWD": str(project)}
    assert pipeline.start("meltano", "schedule", "run", "daily", **here).wait(60) == 0
    expected = {file: lines(project, file) for file in ("loaded", "transformed")}
    assert [line.split()[1] for line in expected["transformed"]] == ["clean", "deps", "run"]
    assert expected["loaded"]
    for file in (project / "loaded", project / "transformed", tmp_path / "meltano.db"):
        file.unlink()

    result = pipeline.run(*RUN, "--transform", "run", **here)
    assert result.outcome is Outcome.SUCCEEDED
    assert {file: lines(project, file) for file in expected} == expected
    (pair,) = result.pipelines
    assert (pair.state_id, pair.state_saved) == ("daily", True)

    alone = pipeline.run(*RUN, "--transform", "only", **here)
    assert (alone.outcome, alone.pipelines) == (Outcome.SUCCEEDED, ())
    assert lines(project, "loaded") == expected["loaded"]
    assert lines(project, "transformed") == expected["transformed"] * 2


def test_a_transformer_that_fails(tmp_path: Path, project: Path) -> None:
    (project / "meltano.yml").write_text(MELTANO % "run")
    result = Pipeline(tmp_path).run(
        *RUN, "--transform", "run",
        MELTANO_PROJECT_ROOT=str(project), PWD=str(project), FAIL="run",
    )  # fmt: skip
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.UTILITY_FAILED)
    assert result.failed_plugin == "dbt"
    assert "model orders is broken" in (result.error or "")
    assert result.pipelines[0].state_saved


def test_the_bookmark_moves_to_a_job(tmp_path: Path, project: Path) -> None:
    """By the command that the error for a project without a transformer shows."""
    (project / "meltano.yml").write_text(MELTANO % "skip")
    pipeline = Pipeline(tmp_path)
    here = {"MELTANO_PROJECT_ROOT": str(project), "PWD": str(project)}
    pipeline.run(*RUN, **here)
    copy = ("state", "copy", "--force", "daily", "dev:tap-a-to-target-b")
    assert pipeline.start("meltano", *copy, **here).wait(60) == 0
    (project / "loaded").unlink()
    pipeline.run(*RUN[:2], **here)
    records = [json.loads(line) for line in lines(project, "loaded") if "RECORD" in line]
    assert [each["record"] for each in records] == [{"id": 2}]


def lines(project: Path, file: str) -> list[str]:
    path = project / file
    return path.read_text().splitlines() if path.exists() else []
