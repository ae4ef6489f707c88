from __future__ import annotations

import pickle
import re
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from meltano_pods.errors import SettingsError
from meltano_pods.settings import ORDER, Settings, settings_of
from meltano_pods.settings.deployment.model import DeploymentSettings
from meltano_pods.settings.messages import in_yaml
from meltano_pods.settings.model import levels_refused
from meltano_pods.settings.types.durations import parse_duration

from tests.support.layers import assert_refused, layer

if TYPE_CHECKING:
    from pydantic import BaseModel


def test_defaults() -> None:
    settings = settings_of([]).model_dump()
    # The rest is None, false or empty, which leads to the deployment's, Airflow's or Meltano's own.
    none: tuple[object, ...] = (None, False, {}, ())
    assert {key: value for key, value in settings.items() if value not in none} == {
        "state_strategy": "auto",
        "backfill_state": "own",
        "start_timeout": timedelta(minutes=10),
        "timezone": "UTC",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "termination_grace_period": timedelta(seconds=120),
        "priority_weight": 1,
        "assets": True,
    }


@pytest.mark.parametrize(("lower", "upper"), list(pairwise(ORDER)))
def test_each_level_wins_over_the_one_before(lower: str, upper: str) -> None:
    said = [layer(upper, retries=1, env={"A": "u"}), layer(lower, retries=9, env={"A": "l"})]
    for layers in (said, said[::-1]):
        settings = settings_of(layers)
        assert settings.retries == 1
        assert settings.env == {"A": "u"}


@pytest.mark.parametrize("level", ORDER)
def test_each_level_counts(level: str) -> None:
    assert settings_of([layer(level, retries=7)]).retries == 7


def test_later_plugins_win() -> None:
    assert settings_of([layer("plugin", retries=1), layer("plugin", retries=3)]).retries == 3


def test_maps_merge_and_lists_replace() -> None:
    settings = settings_of(
        [
            layer("project", env={"A": "1", "B": 2}, tags=["a", "b"]),
            layer("job", env={"B": "3", "C": "4"}, tags=["c"]),
        ]
    )
    assert settings.env == {"A": "1", "B": "3", "C": "4"}
    assert settings.tags == ("c",)


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
        settings_of([layer(level, **{key: "x"})])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(90, 90), ("90s", 90), ("5m", 300), ("2h30m", 9000), ("1d", 86400), (0, 0), (1.5, 1.5)],
)
def test_durations(value: object, seconds: float) -> None:
    assert parse_duration(value) == timedelta(seconds=seconds)


BAD: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown key": ({"retrys": 1}, ("unknown setting `retrys`", "Did you mean `retries`?")),
    "negative": ({"retries": -1}, ("takes a whole number, 0 to 100, found -1",)),
    "true is no number": ({"retries": True}, ("whole number", "found True")),
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
        ("let two runs write one state",),
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
    "notify is a list": ({"notify": ["slack"]}, ("`notify` takes a map: {slack: slack_data}",)),
    "notify key": (
        {"notify": {"slak": "a"}},
        ("unknown key `slak`; expected one of: email, events, slack, webhook", "`slack`?"),
    ),
    "notify number": ({"notify": {"slack": 1}}, ("`slack` takes a string, or a list of strings",)),
    "notify address": ({"notify": {"email": "team"}}, ("'team' is not an email address",)),
    "notify event": (
        {"notify": {"events": ["failures"]}},
        ("unknown event 'failures'; expected one of: failure, recovery, retry", "`failure`?"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_refused_with_place_value_and_what_is_allowed(case: str) -> None:
    assert_refused(*BAD[case])


def test_a_url_in_the_place_of_a_connection_is_refused_and_not_shown() -> None:
    url = "https://hooks.slack.com/services/T1/B1/hunter2"
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("project", notify={"slack": ["slack_data", url]})])
    text = str(caught.value)
    assert "`slack` takes the id of an Airflow connection" in text
    assert "fix: Put the URL or token into an Airflow connection" in text
    assert "hunter2" not in text + str(caught.value.__cause__)


def test_recipients_merge_way_by_way() -> None:
    settings = settings_of(
        [
            layer("project", notify={"email": ["a@x.io", "a@x.io"], "slack": "slack_data"}),
            layer("job", notify={"slack": None, "events": ["failure"]}),
        ]
    )
    assert settings.notify == {"email": ("a@x.io",), "slack": None, "events": ("failure",)}


@pytest.mark.parametrize("key", Settings.model_fields)
def test_every_setting_is_described(key: str) -> None:
    field = Settings.model_fields[key]
    assert field.description
    if field.default is None:
        assert "None:" in field.description


@pytest.mark.parametrize(
    ("model", "key"),
    [(each, key) for each in (Settings, DeploymentSettings) for key in each.model_fields],
)
def test_every_setting_has_an_example_of_a_valid_value(model: type[BaseModel], key: str) -> None:
    examples = model.model_fields[key].examples
    assert examples
    for example in examples:
        model.model_validate({key: example})
        # Errors show it as people write it.
        assert yaml.safe_load(in_yaml(key, example)) == {key: example}
        if model is DeploymentSettings:
            assert isinstance(example, str)


WRONG_KINDS: tuple[object, ...] = (7, -1.5, "no such thing", True, [], [7], {}, {"x": 1}, [[]], "")
"""Each setting refuses most of these."""


@pytest.mark.parametrize("key", Settings.model_fields)
def test_the_fix_of_a_wrong_value_is_a_valid_one(key: str) -> None:
    refused = 0
    for value in WRONG_KINDS:
        try:
            level = next(each for each in ORDER[::-1] if each not in levels_refused(key))
            settings_of([layer(level, **{key: value})])
        except SettingsError as error:
            refused += 1
            assert_followed(key, error.fix)
    assert refused > 1


def assert_followed(key: str, fix: str) -> None:
    """Check that what a fix says to write is taken; other fixes name a key that is to go."""
    found = re.findall(r"`([^`]+)`", fix)
    assert found or "Remove" in fix or "remove" in fix, fix
    if "rite " in fix and (text := found[-1]).startswith(f"{key}:"):
        level = next(each for each in ORDER[::-1] if each not in levels_refused(key))
        settings_of([layer(level, **yaml.safe_load(text))])


@pytest.mark.parametrize("value", ["512MB", "512 mb", "512mib", "512Mb", "512MiB"])
def test_a_quantity_as_other_tools_write_it(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", resources={"limits": {"memory": value}})])
    assert caught.value.fix == "Did you mean `512Mi`? Write it as `memory: 512Mi`."


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("1 hour", "1h"), ("90 min", "1h30m"), ("2 Hours", "2h"),
        ("1 hour and 30 minutes", "1h30m"),
        ("1h 30m", "1h30m"), ("1.5h", "1h30m"), ("PT1H30M", "1h30m"), ("P1DT2H", "1d2h"),
        ("01:30:00", "1h30m"), ("0:45", "45m"), ("1 week", "7d"), ("45 secs", "45s"),
    ],
)  # fmt: skip
def test_a_duration_as_other_tools_write_it(value: str, meant: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", run_timeout=value)])
    assert caught.value.fix == f"Did you mean `{meant}`? Write it as `run_timeout: {meant}`."
    settings_of([layer("job", run_timeout=meant)])


@pytest.mark.parametrize("value", ["soon", "1 month", "1 fortnight", "an hour", "-1 hour", "", []])
def test_a_duration_that_nobody_understands_is_answered_by_an_example(value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", run_timeout=value)])
    assert caught.value.fix == "Write a valid value, such as `run_timeout: 2h30m`."


def test_an_execution_mode_by_another_name() -> None:
    for value in ("k8s", "pod"):
        with pytest.raises(SettingsError) as caught:
            settings_of([layer("job", execution_mode=value)])
        assert caught.value.fix == "Write a valid value, such as `execution_mode: kubernetes`."


@pytest.mark.parametrize("case", BAD)
def test_a_fix_is_short(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", **BAD[case][0])])
    assert len(caught.value.fix) < 140


def test_all_faults_are_told_at_once() -> None:
    layers = [
        layer("project", retrys=1, owner_link="example.com"),
        layer("plugin", catchup=True, pool=""),
        layer("job", tasks={"dbt-run": {"retries": -1, "tags": ["a"]}}),
    ]
    with pytest.raises(SettingsError) as caught:
        settings_of(layers)
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
