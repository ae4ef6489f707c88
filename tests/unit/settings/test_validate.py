"""Errors of settings: place, value, what is allowed, and the fix."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest
import yaml
from meltano_pods.errors import SettingsError
from meltano_pods.settings import ORDER, Settings, build_settings
from meltano_pods.settings.model import get_excluded_levels

from tests.support.layers import assert_rejected, layer


@pytest.mark.parametrize(
    ("key", "level"),
    [
        ("environment", "environment"),
        ("environment", "plugin"),
        ("catchup", "plugin"),
        ("start_date", "plugin"),
        ("tags", "plugin"),
        ("timezone", "plugin"),
        ("notify", "plugin"),
        ("max_active_tasks", "plugin"),
        ("max_active_tasks", "task"),
        ("environment", "task"),
        ("start_date", "task"),
        ("description", "project"),
    ],
)
def test_levels_where_a_key_makes_no_sense(key: str, level: str) -> None:
    with pytest.raises(SettingsError, match=f"`{key}` may not be set at {level} level"):
        build_settings([layer(level, **{key: "x"})])


BAD: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown key": ({"retrys": 1}, ("unknown setting `retrys`", "Did you mean `retries`?")),
    "negative": ({"retries": -1}, ("takes a whole number, 0 to 100, found -1",)),
    "true instead of a number": ({"retries": True}, ("whole number", "found True")),
    "number as text": ({"retries": "3"}, ("whole number",)),
    "no duration": (
        {"retry_delay": "5 minutes"},
        ("takes seconds or a duration", "'5 minutes'", "2h30m"),
    ),
    "duration too long": ({"retry_delay": "2d"}, ("0 to 24h",)),
    "grace too short": ({"termination_grace_period": "1s"}, ("5s to 1h, found '1s'",)),
    "date": ({"start_date": "31.1.2026"}, ("takes a date such as 2026-01-31",)),
    "date as number": ({"start_date": 20260131}, ("takes a date such as",)),
    "time zone": (
        {"timezone": "Europe/Belrin"},
        ("found 'Europe/Belrin'", "mean `Europe/Berlin`?"),
    ),
    "catchup": ({"catchup": "sometimes"}, ("takes true or false, found 'sometimes'",)),
    "tags": ({"tags": "a"}, ("takes a list, found 'a'", "Write it as `tags: [a]`.")),
    "env is a list": ({"env": ["A=1"]}, ("`env` takes a map",)),
    "env name": ({"env": {"A-B": "1"}}, ("'A-B' is not a valid name",)),
    "env boolean": ({"env": {"A": True}}, ("A takes a string",)),
    "option of Meltano's as a variable": (
        {"env": {"MELTANO_RUN_STATE_ID_SUFFIX": "a"}},
        ("MELTANO_RUN_STATE_ID_SUFFIX is an option", "use the setting `state_id_suffix` instead"),
    ),
    "environment as a variable": (
        {"env": {"MELTANO_ENVIRONMENT": "prod"}},
        ("use the setting `environment` instead",),
    ),
    "option of Meltano's from a Secret": (
        {"secret_env": {"MELTANO_RUN_FORCE": {}}},
        ("let two runs write the same state",),
    ),
    "priority": ({"priority_weight": 0}, ("takes a whole number, 1 to 1000000, found 0",)),
    "weight rule": (
        {"weight_rule": "upstraem"},
        (
            "takes one of absolute, downstream, upstream, found 'upstraem'",
            "Did you mean `upstream`?",
        ),
    ),
    "parallel tasks": ({"max_active_tasks": 0}, ("at least 1, found 0",)),
    "longest wait": ({"max_retry_delay": "0s"}, ("at least 1s, found '0s'",)),
    "no description": ({"description": ""}, ("takes a string that is not empty",)),
    "pool": ({"pool": ""}, ("takes a string that is not empty",)),
    "notify is a list": (
        {"notify": ["slack"]},
        ("`notify` takes a map, such as {slack: slack_data}", "Airflow connection"),
    ),
    "notify key": (
        {"notify": {"slak": "a"}},
        ("unknown key `slak`; expected one of: email, events, slack, webhook", "`slack`?"),
    ),
    "notify number": ({"notify": {"slack": 1}}, ("`slack` takes the id of an Airflow connection",)),
    "notify address": ({"notify": {"email": "team"}}, ("'team' is not an email address",)),
    "notify event": (
        {"notify": {"events": ["failures"]}},
        ("unknown event 'failures'; expected one of: failure, recovery, retry", "`failure`?"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_refused_with_place_value_and_what_is_allowed(case: str) -> None:
    assert_rejected(*BAD[case])


def test_a_url_in_the_place_of_a_connection_is_refused_and_not_shown() -> None:
    url = "https://hooks.slack.com/services/T1/B1/hunter2"
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("project", notify={"slack": ["slack_data", url]})])
    text = str(caught.value)
    assert "`slack` takes the id of an Airflow connection" in text
    assert "fix: Put the URL or token into an Airflow connection" in text
    assert "hunter2" not in text + str(caught.value.__cause__)


WRONG_KINDS: tuple[object, ...] = (7, -1.5, "no such thing", True, [], [7], {}, {"x": 1}, [[]], "")
"""Each setting rejects most of these."""


@pytest.mark.parametrize("key", Settings.model_fields)
def test_the_fix_of_a_wrong_value_is_a_valid_one(key: str) -> None:
    refused = 0
    for value in WRONG_KINDS:
        try:
            level = next(each for each in ORDER[::-1] if each not in get_excluded_levels(key))
            build_settings([layer(level, **{key: value})])
        except SettingsError as error:
            refused += 1
            assert_followed(key, error.fix)
    assert refused > 1


def assert_followed(key: str, fix: str) -> None:
    """Check that what a fix says to write is taken; other fixes name a key that is to go."""
    found = re.findall(r"`([^`]+)`", fix)
    assert found or "Remove" in fix or "remove" in fix, fix
    if "rite " in fix and (text := found[-1]).startswith(f"{key}:"):
        level = next(each for each in ORDER[::-1] if each not in get_excluded_levels(key))
        build_settings([layer(level, **yaml.safe_load(text))])


def test_an_execution_mode_by_another_name() -> None:
    for value in ("k8s", "pod"):
        with pytest.raises(SettingsError) as caught:
            build_settings([layer("job", execution_mode=value)])
        assert caught.value.fix == "Write a valid value, such as `execution_mode: kubernetes`."


@pytest.mark.parametrize("case", BAD)
def test_a_fix_is_short(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", **BAD[case][0])])
    assert len(caught.value.fix) < 140


def test_all_faults_are_told_at_once() -> None:
    layers = [
        layer("project", retrys=1, owner_link="example.com"),
        layer("plugin", catchup=True, pool=""),
        layer("job", tasks={"dbt-run": {"retries": -1, "tags": ["a"]}}),
    ]
    with pytest.raises(SettingsError) as caught:
        build_settings(layers)
    text = str(caught.value)
    assert len(caught.value.others) == text.count("fix: ") - 1 == 5
    for part in (
        "unknown setting `retrys`", "`owner_link` takes an address",
        "`catchup` may not be set at plugin", "`pool` takes a string",
        "`retries` takes a whole number", "`tags` may not be set at task level",
    ):  # fmt: skip
        assert part in text
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert str(again) == text
