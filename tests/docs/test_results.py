"""The pages on assets and checks say what the code does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.results import Uris
from meltano_pods.settings.types.assets import get_uri_pattern

from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT
from tests.support.finished_task import ORDERS, STREAM, Airflow, reporting, result

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = ROOT / "docs" / "how-to"
ASSETS, CHECKS = HOW_TO / "assets.md", HOW_TO / "checks.md"
JOB = "jobs:\n- {name: load, tasks: tap-shop target-postgres}\n"
EXTRACTOR = "  extractors: [{name: tap-shop, namespace: tap_shop}]\n"
LOADER = "  loaders: [{name: target-postgres, namespace: target_postgres}]\n"


@pytest.mark.parametrize(("page", "other"), [(ASSETS, EXTRACTOR), (CHECKS, LOADER)])
def test_the_examples_of_settings_can_be_read(tmp_path: Path, page: Path, other: str) -> None:
    example = next(iter(code_blocks(page, "yaml")))
    (tmp_path / "meltano.yml").write_text(example + other + JOB)
    (dag,) = plan(read_project(tmp_path)).dags
    settings = dag.tasks[0].settings
    if page is ASSETS:
        uris = Uris("shop", None, get_uri_pattern(settings.assets) or "")
        assert uris.build_stream_uri("tap-shop", "target-postgres", "public-Orders") == (
            "postgres://warehouse:5432/shop/public/orders"
        )
    else:
        assert settings.checks["streams"]["orders"]["max_age"] == {"warn": 21_600, "fail": 172_800}


def test_the_uris_are_those_of_the_example_project() -> None:
    uris = Uris("csv_to_json", "dev")
    known = {
        uris.build_stream_uri("tap-csv", "target-jsonl", "orders"),
        uris.build_pipeline_uri("tap-csv", "target-jsonl"),
        uris.build_streams_alias("tap-csv", "target-jsonl"),
    }
    found = set(re.findall(r"x-meltano://csv_to_json[^\s\"`]+", ASSETS.read_text()))
    assert found <= known
    endings = re.findall(r'Asset(?:Alias)?\("\.\.\.(/[^"]+)"\)', ASSETS.read_text())
    assert len(endings) == 3
    for ending in endings:
        assert any(uri.endswith(ending) for uri in known), ending


def test_the_example_of_an_event_is_one() -> None:
    (example,) = code_blocks(ASSETS, "json")
    airflow = Airflow(reporting())
    airflow.finish(result(ORDERS))
    assert list(airflow.stream_events()[f"{STREAM}orders"]) == list(json.loads(example))
