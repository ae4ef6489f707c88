"""Variables of a run that Airflow's connections and variables fill."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.settings import Settings
from meltano_pods.tasks.airflow_env import (
    ValuesMissingError,
    find_secret_names,
    read_airflow_values,
)
from meltano_runner.contract.categories import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOP = "postgres://me:p%40ss%2Fword@db.example.org:5433/sales?sslmode=require"
EXTRA = {"token": "t0ken-1", "nested": {"key": "deep-1"}, "dotted.key": "dot-1", "ssl": True}


@pytest.fixture(autouse=True)
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", SHOP)
    extra = {"conn_type": "http", "host": "https://x.org", "extra": EXTRA, "login": "pat-12345"}
    monkeypatch.setenv("AIRFLOW_CONN_API", json.dumps(extra))
    monkeypatch.setenv("AIRFLOW_VAR_PLAIN", "key-from-variable")
    monkeypatch.setenv("AIRFLOW_VAR_JSON", json.dumps({"a": {"b": "json-1"}, "n": 5, "l": [1]}))
    monkeypatch.setattr("airflow.sdk.log.mask_secret", found.append)
    return found


def read(sources: Mapping[str, Any], *not_secret: str) -> dict[str, str]:
    settings = Settings.model_validate({"airflow_env": sources})
    return read_airflow_values(settings.airflow_env, not_secret)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"connection": "shop_db"}, SHOP.replace("postgres:", "postgresql:")),
        ({"connection": "shop_db", "field": "uri"}, SHOP.replace("postgres:", "postgresql:")),
        ({"connection": "shop_db", "field": "password"}, "p@ss/word"),
        ({"connection": "shop_db", "field": "login"}, "me"),
        ({"connection": "shop_db", "field": "host"}, "db.example.org"),
        ({"connection": "shop_db", "field": "port"}, "5433"),
        ({"connection": "shop_db", "field": "schema"}, "sales"),
        ({"connection": "shop_db", "field": "extra.sslmode"}, "require"),
        ({"connection": "api", "field": "extra.token"}, "t0ken-1"),
        ({"connection": "api", "field": "extra.nested.key"}, "deep-1"),
        ({"connection": "api", "field": "extra.dotted.key"}, "dot-1"),
        ({"connection": "api", "field": "extra.nested"}, '{"key": "deep-1"}'),
        ({"connection": "api", "field": "extra.ssl"}, "true"),
        ({"connection": "api", "field": "extra"}, json.dumps(EXTRA)),
        ({"variable": "plain"}, "key-from-variable"),
        ({"variable": "json", "key": "a.b"}, "json-1"),
        ({"variable": "json", "key": "n"}, "5"),
    ],
)
def test_where_a_value_is(source: dict[str, str], value: str, masked: list[str]) -> None:
    found = read({"TAP_X": source})
    assert found == {"TAP_X": value}
    is_public = source.get("field") in {"host", "port", "login", "schema"}
    assert (value in masked) is not is_public


def test_what_a_log_may_show(masked: list[str]) -> None:
    sources = {
        "TAP_TOKEN": {"connection": "api", "field": "login"},
        "TAP_USER": {"connection": "shop_db", "field": "login"},
        "TAP_REGION": {"variable": "plain"},
    }
    read(sources, "TAP_REGION")
    settings = Settings.model_validate({"airflow_env": sources})
    assert find_secret_names(settings.airflow_env, ["TAP_REGION"]) == {"TAP_TOKEN"}
    assert [each for each in masked if isinstance(each, str)] == ["pat-12345"]


def test_nothing_is_asked_for_nothing() -> None:
    assert read({}) == {}


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        (
            {"connection": "shop"},
            ("Airflow has no connection `shop`", "airflow connections add shop --conn-uri",
             "AIRFLOW_CONN_SHOP"),
        ),
        ({"connection": "api", "field": "password"}, ("connection `api` has no `password`",)),
        ({"connection": "api", "field": "extra.no"}, ("connection `api` has no `extra.no`",)),
        (
            {"variable": "gone"},
            ("Airflow has no variable `gone`", "airflow variables set gone", "AIRFLOW_VAR_GONE"),
        ),
        ({"variable": "json", "key": "c"}, ("has no key `c`; its keys are: a, l, n",)),
        ({"variable": "plain", "key": "c"}, ("has no key `c`, and is not JSON",)),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_how_to_create_it(
    source: dict[str, str], parts: tuple[str, ...]
) -> None:
    with pytest.raises(ValuesMissingError) as caught:
        read({"TAP_X": source, "TAP_Y": {"connection": "nowhere"}})
    assert caught.value.result.category is Category.VARIABLE_MISSING
    text = str(caught.value)
    for part in ("TAP_X: ", *parts, "TAP_Y: Airflow has no connection `nowhere`"):
        assert part in text
    assert "key-from-variable" not in text
