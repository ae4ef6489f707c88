"""The setting `checks`."""

from __future__ import annotations

from typing import Any

import pytest
from meltano_pods.settings import build_settings

from tests.support.layers import layer, read_error

ANY = ["added", "removed", "type"]


@pytest.mark.parametrize(
    ("content", "read"),
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
def test_checks_are_parsed(content: dict[str, Any], read: dict[str, Any]) -> None:
    assert build_settings([layer("project", checks=content)]).checks == read


def test_levels_add_to_each_other_and_take_away() -> None:
    settings = build_settings(
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
    ("content", "words"),
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
def test_invalid_checks_are_rejected(content: object, words: str) -> None:
    assert words in read_error(checks=content)
