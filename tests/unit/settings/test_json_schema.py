"""The schema for editors says what the checks say: nothing right is underlined, most wrong is."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml
from meltano_pods.settings import ORDER, Settings, build_settings
from meltano_pods.settings.json_schema import MELTANO_SCHEMA, build_schema
from meltano_pods.settings.model import get_excluded_levels

from tests.support.layers import layer
from tests.support.projects import FULLEST
from tests.unit.settings import test_pods, test_validate

WHOLE = build_schema(None)
# A value of each setting as people write it; a new setting needs one, too.
GOOD: dict[str, list[Any]] = {
    "execution_mode": ["local", None],
    "image": ["a/b:1", None],
    "image_pull_policy": ["Always"],
    "image_pull_secrets": [["registry"]],
    "resources": [{"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"nvidia.com/gpu": 1}}],
    "namespace": ["meltano"],
    "service_account": ["loader"],
    "queue": ["nightly", None],
    "secrets": [["a", "b"], [], None],
    "secret_env": [{"A": None, "B": {}, "C": {"secret": "s", "key": "K"}}],
    "airflow_env": [
        {"A": {"connection": "db"}, "B": {"connection": "db", "field": "extra.a.b"}},
        {"C": {"variable": "v"}, "D": {"variable": "v", "key": "a.b"}},
    ],
    "not_secret": [["TAP_A_KEY", "key"], []],
    "state": ["backend"],
    "database_secret": ["db"],
    "pod_template": ["big.yaml"],
    "pod_override": [
        {
            "spec": {
                "nodeSelector": {"pool": "big", "gone": None},
                "hostNetwork": None,
                "tolerations": [{"key": "a", "effect": "NoSchedule", "operator": "Exists"}],
                "containers": [{"name": "meltano", "resources": {"limits": {"cpu": 2}}}],
                "volumes": [{"name": "ca", "configMap": {"name": "ca", "defaultMode": 292}}],
            }
        }
    ],
    "worker_override": [{"metadata": {"labels": {"a": "b"}}}],
    "start_timeout": ["15m", 900],
    "deferrable": [True, None],
    "needs": [[], ["tap-a-to-target-b"], "all", None],
    "max_active_tasks": [4],
    "pool": ["warehouse"],
    "state_pool": ["turns"],
    "priority_weight": [10],
    "weight_rule": ["absolute"],
    "full_refresh": [True],
    "refresh_catalog": [False],
    "no_state_update": [True],
    "select_filter": [["orders", "!*_raw", "tap-shop:public-*"], [], None],
    "state_id_suffix": ["nightly.2", None],
    "state_strategy": ["merge"],
    "log_level": ["debug", None],
    "allowed_environments": [["prod"], []],
    "backfill_state": ["shared"],
    "environment": ["prod"],
    "env": [{"A": "b", "C": 1}],
    "description": ["# Loads\n\nEvery night."],
    "owner": ["data"],
    "owner_link": ["https://example.com"],
    "tags": [["a", "b"]],
    "start_date": ["2026-01-31", "2026-01-31T06:00:00+01:00"],
    "timezone": ["Europe/Berlin"],
    "catchup": [True],
    "retries": [0],
    "retry_delay": ["1h30m", 1.5, 0],
    "max_retry_delay": ["1h", None],
    "run_timeout": ["1d2h"],
    "stall_timeout": [0, "45m"],
    "termination_grace_period": ["30s"],
    "assets": [True, False, {"uri": "postgres://host/db/schema/{table}"}],
    "checks": [
        {"min_records": 1, "max_age": "1d", "schema_change": "warn"},
        {"min_records": {"warn": 10, "fail": 1}, "schema_change": {"fail": ["removed", "type"]}},
        {"streams": {"orders": {"min_records": 1, "max_age": None}, "other": None}},
    ],
    "notify": [{"email": "a@b.c", "slack": ["x"], "webhook": None, "events": ["retry"]}],
}


def errors(level: str, values: dict[str, Any]) -> list[str]:
    checker = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{level}", "$defs": WHOLE["$defs"]})
    return [error.message for error in checker.iter_errors(values)]


def test_every_setting_has_an_example() -> None:
    assert set(GOOD) == set(Settings.model_fields)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(build_schema())
    assert build_schema()["allOf"] == [{"$ref": MELTANO_SCHEMA}]


@pytest.mark.parametrize("key", GOOD)
def test_nothing_right_is_refused(key: str) -> None:
    level = next(each for each in reversed(ORDER) if each not in get_excluded_levels(key))
    for value in GOOD[key]:
        build_settings([layer(level, **{key: value})])
        assert errors(level, {key: value}) == []


@pytest.mark.parametrize("level", ORDER)
def test_a_level_has_its_settings_and_no_others(level: str) -> None:
    found = WHOLE["$defs"][level]["properties"]
    allowed = {key for key in Settings.model_fields if level not in get_excluded_levels(key)}
    assert set(found) - {"tasks"} == allowed
    assert ("tasks" in found) == (level in ("job", "schedule"))
    assert all(each["description"] for each in found.values())


# What only our own checks can tell, such as one value beside another.
_BEYOND = {
    "date", "time zone", "request above", "resource name", "quantity", "worker's",
    "worker's namespace", "owned", "owned of the container", "nameless", "duration too long",
    "grace too short", "longest wait", "start timeout", "notify address", "image",
    "namespace too long",
}  # fmt: skip


@pytest.mark.parametrize("case", sorted({**test_validate.BAD, **test_pods.BAD}))
def test_what_is_wrong_is_refused(case: str) -> None:
    values, _ = {**test_validate.BAD, **test_pods.BAD}[case]
    assert bool(errors("job", values)) is (case not in _BEYOND)


def test_a_whole_project() -> None:
    project = yaml.safe_load(FULLEST)
    jsonschema.validate(project, WHOLE)
    project["plugins"]["extractors"][0]["annotations"]["meltano_pods"]["catchup"] = True
    with pytest.raises(jsonschema.ValidationError, match="catchup"):
        jsonschema.validate(project, WHOLE)


def test_settings_of_tasks() -> None:
    assert errors("job", {"tasks": {"dbt-run": {"retries": 0}, "tap-a": None}}) == []
    assert errors("job", {"tasks": {"dbt-run": {"tags": ["a"]}}})


@pytest.mark.parametrize("key", Settings.model_fields)
def test_editors_are_shown_an_example(key: str) -> None:
    level = next(each for each in ORDER if each not in get_excluded_levels(key))
    made = build_schema(None)["$defs"][level]["properties"][key]
    assert made["examples"] == Settings.model_fields[key].examples
