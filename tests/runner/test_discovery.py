"""A tap that fails before it has begun: when Meltano asks it for its catalog."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category

from tests.runner.pipeline import Pipeline
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.meltano

MELTANO = """
project_id: discovery
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - name: tap
    namespace: faults_tap
    executable: ./tap.py
    capabilities: [discover, catalog, state]
    settings: [{name: mode}, {name: rows, kind: integer, value: 1}]
    config: {mode: fail}
  - {name: tap-heir, inherit_from: tap}
  loaders:
  - {name: target, namespace: faults_target, executable: ./target.py}
"""


# During discovery, Meltano labels a plugin's output with the name of its parent.
@pytest.mark.parametrize("more", [(), ("--state-id", "daily")], ids=["run", "el"])
def test_the_taps_last_words_are_told(tmp_path: Path, more: tuple[str, ...]) -> None:
    tap = "tap-heir"
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(MELTANO)
    for name in ("tap.py", "target.py"):
        shutil.copy(ROOT / "tests" / "cluster" / "projects" / "faults" / name, project)
    pipeline = Pipeline(tmp_path)
    result = pipeline.run(tap, "target", *more, MELTANO_PROJECT_ROOT=str(project), PWD=str(project))
    assert (result.category, result.failed_plugin) == (Category.TAP_FAILED, tap), pipeline.log()
    assert (result.error or "").endswith("the source said: no such table")
