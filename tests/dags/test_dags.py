"""The DAGs of this project load, as `astro dev pytest` tests them in the image.

Tests of your own DAGs go beside this file. They have pytest and what the image has, no more.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from dag_loading import import_errors
from meltano_pods.cli.main import main

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag


def test_every_file_loads(dag_bag: DagBag) -> None:
    if errors := import_errors(dag_bag):
        texts = [f"{file}:\n{error}" for file, error in errors.items()]
        pytest.fail("\n\n".join(texts), pytrace=False)
    assert dag_bag.dags


def test_every_dag_can_be_stored(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def test_every_project_is_valid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    if main(["validate"]):
        pytest.fail("".join(capsys.readouterr()), pytrace=False)
