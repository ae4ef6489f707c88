"""What Airflow knows of a task's assets before it has run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG, Asset, AssetAlias
from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.results import LABEL_TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
default_environment: dev
environments: [{name: dev}, {name: prod}]
plugins:
  extractors: [{name: tap-a, namespace: a}]
  loaders: [{name: target-b, namespace: b}, {name: target-c, namespace: c}]
  utilities: [{name: dbt, namespace: dbt, commands: {build: build}}]
"""
URI = "x-meltano://shop/dev/tap-a-to-target-b"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (folder := tmp_path / "meltano" / "shop").mkdir(parents=True)
    (folder / "meltano.yml").write_text(PROJECT)
    return folder


def task(project: Path, run: str, **content: Any) -> MeltanoLocalOperator:
    with DAG("own", schedule=None):
        return MeltanoLocalOperator(task_id="task", project=project, run=run, **content)


def test_a_pipeline_has_its_assets(project: Path) -> None:
    made = task(project, "tap-a target-b tap-a target-c")
    assert made.inlets == [Asset("x-meltano://shop/dev/tap-a")]
    assert made.outlets == [
        Asset(URI),
        Asset("x-meltano://shop/dev/tap-a-to-target-c"),
        AssetAlias(f"{URI}/*"),
        AssetAlias("x-meltano://shop/dev/tap-a-to-target-c/*"),
    ]
    assert made.map_index_template == LABEL_TEMPLATE


def test_another_environment_has_others(project: Path) -> None:
    made = task(project, "tap-a target-b", environment="prod")
    assert Asset("x-meltano://shop/prod/tap-a-to-target-b") in made.outlets


def test_a_utility_has_its_own(project: Path) -> None:
    made = task(project, "dbt:build")
    assert made.inlets == []
    assert made.outlets == [
        Asset("x-meltano://shop/dev/dbt"),
        AssetAlias("x-meltano://shop/dev/dbt/*"),
    ]


@pytest.mark.parametrize("run", ["tap-a target-b", "dbt:build"])
def test_nobody_has_any_who_wants_none(project: Path, run: str) -> None:
    made = task(project, run, settings={"assets": False})
    assert (made.inlets, made.outlets) == ([], [])


@pytest.mark.parametrize("own", [[Asset("s3://bucket/report")], Asset("s3://bucket/report")])
def test_those_of_a_dags_author_stand_beside_them(project: Path, own: Any) -> None:
    made = task(project, "tap-a target-b", outlets=own)
    assert made.outlets[0] == Asset("s3://bucket/report")
    assert AssetAlias(f"{URI}/*") in made.outlets


def test_a_mapped_task_has_them_once_and_keeps_its_items_names(project: Path) -> None:
    with DAG("own", schedule=None):
        mapped = MeltanoLocalOperator.partial(
            task_id="task", project=project, run="tap-a target-b", outlets=[Asset("s3://b/x")]
        ).expand(state_id_suffix=["north", "south"])
    item = mapped.unmap({"state_id_suffix": "north"})
    for outlets in (mapped.outlets, item.outlets):
        assert outlets == [Asset("s3://b/x"), Asset(URI), AssetAlias(f"{URI}/*")]
    assert "state_id_suffix" in str(item.map_index_template)
