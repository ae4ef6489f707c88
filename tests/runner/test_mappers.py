"""A mapper that fails, at each moment at which Meltano reports it differently."""

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
project_id: mappers
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - name: tap
    namespace: faults_tap
    executable: ./tap.py
    capabilities: [state]
    settings: [{name: mode}, {name: rows, kind: integer}, {name: pause}]
    config: {rows: ROWS, mode: ok, pause: 0}
  loaders:
  - {name: target, namespace: faults_target, executable: ./target.py}
  mappers:
  - name: map-columns
    namespace: map_columns
    executable: ./mapper.py
    mappings:
    - {name: hide, config: {}}
"""
MAPPER = """#!/usr/bin/env python3
import sys
LINES
class StreamMapConfigError(Exception):
    pass
raise StreamMapConfigError("Invalid key properties for 'members': [id].")
"""


@pytest.mark.parametrize(
    ("rows", "reads"),
    [(1, "sys.stdin.read()"), (20_000, "sys.stdin.readline()")],
    ids=["at its end", "while the tap writes"],
)
def test_the_mapper_and_its_error_are_reported(tmp_path: Path, rows: int, reads: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(MELTANO.replace("ROWS", str(rows)))
    shutil.copy(ROOT / "tests" / "cluster" / "projects" / "faults" / "tap.py", project)
    (project / "mapper.py").write_text(MAPPER.replace("LINES", reads))
    (project / "target.py").write_text("#!/usr/bin/env python3\nimport sys\nsys.stdin.read()\n")
    for name in ("mapper.py", "target.py"):
        (project / name).chmod(0o755)
    pipeline = Pipeline(tmp_path)
    result = pipeline.run(
        "tap", "hide", "target", MELTANO_PROJECT_ROOT=str(project), PWD=str(project)
    )
    error = "StreamMapConfigError: Invalid key properties for 'members': [id]."
    found = (result.category, result.failed_plugin, result.error)
    assert found == (Category.MAPPER_FAILED, "map-columns", error), pipeline.log()
