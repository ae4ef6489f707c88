"""The schemas: closed, described, with examples that hold, and refusing what they should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from tests.charts.helm import CHARTS, MAXIMAL, NAMES, RefusedError, render, smallest
from tools.chart_reference import CHARTS as FOLDERS
from tools.chart_reference import readme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = {"image": "a", "projects": {"one": {}}}


def _schema(chart: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CHARTS / chart / "values.schema.json").read_text())
    return schema


def _fields(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{at}.{name}", field
    for key, inner in schema.items():
        for name, each in inner.items() if key in ("properties", "$defs") else [("", inner)]:
            if isinstance(each, dict):
                yield from _fields(each, f"{at}.{name or key}")


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for each in schema.values():
            yield from _objects(each)


@pytest.mark.parametrize("chart", NAMES)
def test_schemas_are_closed_and_described(chart: str) -> None:
    schema = _schema(chart)
    jsonschema.Draft202012Validator.check_schema(schema)
    for each in _objects(schema):
        assert each["additionalProperties"] is False, sorted(each["properties"])
    for path, field in _fields(schema):
        assert field["description"].endswith("."), path


@pytest.mark.parametrize("chart", NAMES)
def test_examples_hold(chart: str) -> None:
    schema = _schema(chart)
    seen = 0
    for path, field in _fields(schema):
        whole = field | {"$defs": schema["$defs"]}
        for example in field.get("examples", []):
            jsonschema.validate(example, whole, jsonschema.Draft202012Validator)
            seen += 1
        if "properties" not in field and path != ".global":
            assert field.get("examples"), f"{path} has no example"
    assert seen


@pytest.mark.parametrize("chart", NAMES)
def test_every_value_has_a_default(chart: str) -> None:
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    assert values.keys() == _schema(chart)["properties"].keys() - {"global"}
    for name, field in _schema(chart)["properties"].items():
        if "properties" in field and name != "global":
            assert values[name].keys() == field["properties"].keys(), name


@pytest.mark.parametrize("chart", NAMES)
def test_the_maximal_values_set_everything_anew(chart: str) -> None:
    maximal = yaml.safe_load(MAXIMAL[chart].read_text())
    schema = _schema(chart)
    jsonschema.validate(maximal, schema, jsonschema.Draft202012Validator)
    assert maximal.keys() == schema["properties"].keys() - {"global"}
    for name, field in schema["properties"].items():
        if "properties" in field and name != "global":
            assert maximal[name].keys() == field["properties"].keys(), name


@pytest.mark.parametrize(
    ("chart", "values", "output"),
    [
        ("meltano-pods", {"imagee": "a"}, "'imagee' not allowed"),
        ("meltano-pods", {"rbac": {"launcher": []}}, "'launcher' not allowed"),
        ("meltano-pods", {"rbac": {"launchers": [{"name": "a"}]}}, "missing property 'namespace'"),
        ("meltano-pods", {"imagePullPolicy": "Sometimes"}, "'/imagePullPolicy'"),
        (
            "meltano-pods",
            {"resourceQuota": {"hard": {"pods": "many"}}},
            "'/resourceQuota/hard/pods'",
        ),
        (
            "meltano-pods",
            {"networkPolicy": {"egress": [{"cidrs": ["10.0.0.0"]}]}},
            "egress/0/cidrs/0",
        ),
        ("meltano-pods", {"networkPolicy": {"egress": [{"ports": [443]}]}}, "'cidrs'"),
        ("meltano-pods", {"networkPolicy": {"egress": [{"cidrs": [], "ports": [0]}]}}, "ports/0"),
        ("meltano-pods", {"security": {"runAsUser": 0}}, "'/security/runAsUser'"),
        ("meltano-pods", {"projects": {"a b": {}}}, "'a b'"),
        ("meltano-pods", {"projects": {"a": {"secret": "x"}}}, "'secret' not allowed"),
        ("meltano-pods", {"projects": {"a": {}}}, "image: set it to the Meltano image"),
        ("meltano-pods", {"namespace": {"create": True}}, "must exist before Helm can install"),
        ("airflow", {}, "image: set it to the Airflow image"),
        ("airflow", {"image": "a", "executor": "CeleryExecutor"}, "'LocalExecutor'"),
        ("airflow", {"image": "a", "users": []}, "'/users'"),
        ("airflow", {"image": "a", "users": [{"name": "a", "role": "root"}]}, "'/users/0/role'"),
        ("airflow", {"image": "a", "postgresql": {"databases": ["airflow"]}}, "databases/0"),
        ("airflow", {"image": "a", "config": {"core": {"parallelism": 4}}}, "want string"),
        ("airflow", {"image": "a", "apiServer": {"nodeport": 1}}, "'nodeport' not allowed"),
    ],
)
def test_refuses(chart: str, values: dict[str, Any], output: str) -> None:
    with pytest.raises(RefusedError) as refused:
        render(chart, values)
    assert output in str(refused.value)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_readme_is_current(folder: Path) -> None:
    message = "run `python -m tools.chart_reference`"
    assert (folder / "README.md").read_text() == readme(folder), message


def test_a_project_without_database_needs_no_image() -> None:
    assert render("meltano-pods")
    assert smallest("meltano-pods")
