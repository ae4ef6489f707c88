"""What the settings `checks` and `assets` may say."""

from __future__ import annotations

from typing import Any

import pytest
from meltano_pods.errors import Location, SettingsError
from meltano_pods.settings import settings_of
from meltano_pods.settings.layers import Layer
from meltano_pods.settings.types.assets import DEFAULT_URI, uri_of

WHERE = Location("meltano/shop/meltano.yml", 7, "annotations.meltano_pods")
ANY = ["added", "removed", "type"]


def layer(level: str, **values: object) -> Layer:
    return Layer(level, WHERE, values, {})


def refused(**values: object) -> str:
    with pytest.raises(SettingsError) as raised:
        settings_of([layer("project", **values)])
    return str(raised.value)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({}, {}),
        ({"min_records": 1}, {"min_records": {"fail": 1}}),
        ({"min_records": {"warn": 10, "fail": 1}}, {"min_records": {"warn": 10, "fail": 1}}),
        ({"min_records": None}, {}),
        ({"max_age": "2d"}, {"max_age": {"fail": 172_800}}),
        ({"max_age": {"warn": "1h30m"}}, {"max_age": {"warn": 5_400}}),
        ({"schema_change": "warn"}, {"schema_change": {"warn": ANY}}),
        ({"schema_change": {"warn": "any"}}, {"schema_change": {"warn": ANY}}),
        (
            {"schema_change": {"warn": "added", "fail": ["type", "removed"]}},
            {"schema_change": {"warn": ["added"], "fail": ["removed", "type"]}},
        ),
        ({"missing_records": "warn"}, {"missing_records": {"warn": 0}}),
        ({"missing_records": "ignore"}, {"missing_records": {}}),
        ({"missing_records": None}, {}),
        (
            {"streams": {"orders": {"min_records": 1}, "*": None}},
            {"streams": {"orders": {"min_records": {"fail": 1}}, "*": {}}},
        ),
    ],
)
def test_expectations_are_read(said: dict[str, Any], read: dict[str, Any]) -> None:
    assert settings_of([layer("project", checks=said)]).checks == read


def test_levels_add_to_each_other_and_take_away() -> None:
    settings = settings_of(
        [
            layer("project", checks={"min_records": {"warn": 9}, "max_age": "1d"}),
            layer("plugin", checks={"streams": {"orders": {"min_records": 5}}}),
            layer("schedule", checks={"min_records": {"fail": 1}, "max_age": None}),
            layer("task", checks={"streams": {"orders": {"max_age": "1h"}}}),
        ]
    )
    assert settings.checks == {
        "min_records": {"warn": 9, "fail": 1},
        "streams": {"orders": {"min_records": {"fail": 5}, "max_age": {"fail": 3600}}},
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (1, "takes a map"),
        ({"min_record": 1}, "unknown key `min_record`; expected one of: max_age, min_records"),
        ({"min_record": 1}, "Did you mean `min_records`?"),
        ({"min_records": -1}, "`min_records` takes a number of records, 0 or more, found -1"),
        ({"min_records": True}, "found True"),
        ({"min_records": {"error": 1}}, "unknown severity `error`; expected one of: fail, warn"),
        ({"min_records": {"warn": 1, "fail": 1}}, "must be more than `fail`"),
        ({"max_age": "soon"}, "`max_age` takes seconds or a duration such as"),
        ({"max_age": 0}, "more than 0"),
        ({"max_age": {"warn": "2d", "fail": "1d"}}, "must be less than `fail`"),
        ({"schema_change": "renamed"}, "or `schema_change: fail` for any change"),
        ({"schema_change": {"fail": ["renamed"]}}, "found ['renamed']"),
        ({"missing_records": 3}, "`missing_records` takes fail, ignore, warn, found 3"),
        ({"missing_records": "wran"}, "Did you mean `warn`? Write `missing_records: warn`"),
        ({"streams": {"orders": {"missing_records": "warn"}}}, "unknown key `missing_records`"),
        ({"streams": ["orders"]}, "takes a map"),
        ({"streams": {"orders": 1}}, "`orders` takes a map of checks"),
        ({"streams": {"orders": {"streams": {}}}}, "unknown key `streams`"),
    ],
)
def test_other_expectations_are_refused(said: object, words: str) -> None:
    assert words in refused(checks=said)


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        (True, DEFAULT_URI),
        (False, None),
        ({"uri": "postgres://db:5432/shop/public/{table}"}, "postgres://db:5432/shop/public/{table}"),
    ],
)  # fmt: skip
def test_assets_are_on_off_or_elsewhere(said: Any, pattern: str | None) -> None:
    assert uri_of(settings_of([layer("project", assets=said)]).assets) == pattern


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("yes", "takes true, false or a map"),
        ({"url": "s3://b/{stream}"}, "unknown key `url`; expected: uri"),
        ({"uri": None}, "takes a string"),
        ({"uri": "s3://b/orders"}, "names neither {stream} nor {table}"),
        ({"uri": "s3://b/{streams}"}, "unknown placeholder `{streams}`"),
        ({"uri": "s3://b/{streams}"}, "Did you mean `stream`?"),
        ({"uri": "s3://b/{stream"}, "an unmatched brace"),
        ({"uri": "{stream}"}, "takes a scheme"),
        ({"uri": "airflow://b/{stream}"}, "Airflow's own"),
        ({"uri": "postgres://me:hunter2@db/shop/public/{table}"}, "no user, password"),
        ({"uri": "s3://b/{stream}?v=1"}, "no user, password, query"),
    ],
)
def test_other_assets_are_refused(said: object, words: str) -> None:
    text = refused(assets=said)
    assert words in text
    assert "hunter2" not in text
