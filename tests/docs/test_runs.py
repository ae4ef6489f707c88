"""The guides to manual runs and backfills say what the code does."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from airflow.sdk import Param
from meltano_pods.parameters.choices import NAMES, RunChoices
from meltano_pods.parameters.form import build_form
from meltano_pods.parameters.interval import VARIABLES
from meltano_pods.plan import plan
from meltano_pods.project import read_project

from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = ROOT / "docs" / "how-to"
PARAMETERS, BACKFILL = HOW_TO / "run-parameters.md", HOW_TO / "backfill.md"
PLUGINS = """\
plugins:
  extractors: [{name: tap-shop}, {name: tap-lookups}]
  loaders: [{name: target-warehouse}]
"""


def test_the_example_of_a_request_is_allowed() -> None:
    (example,) = code_blocks(PARAMETERS, "json")
    asked = build_form(RunChoices(taps=("tap-shop",)), "prod")
    for name, value in json.loads(example)["conf"].items():
        begun, schema = asked[name]
        Param(begun, **schema).resolve(value)


def test_the_example_of_settings_can_be_read(tmp_path: Path) -> None:
    (example,) = code_blocks(PARAMETERS, "yaml")
    (tmp_path / "meltano.yml").write_text(example + PLUGINS)
    (dag,) = plan(read_project(tmp_path)).dags
    assert [task.settings.full_refresh for task in dag.tasks] == [False, True]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_explained(name: str) -> None:
    assert f"`{name}" in PARAMETERS.read_text()


def test_the_example_of_a_backfill() -> None:
    (example,) = code_blocks(BACKFILL, "bash")
    words = shlex.split(example)
    conf = json.loads(words[words.index("--dag-run-conf") + 1])
    assert set(conf) <= set(NAMES)
    (yaml,) = code_blocks(BACKFILL, "yaml")
    used = {word.removeprefix("$") for word in yaml.split() if word.startswith("$")}
    assert used <= VARIABLES.keys()
