"""Durations, in the notation of settings and of other tools."""

from __future__ import annotations

from datetime import timedelta

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.settings import build_settings
from meltano_pods.settings.types.durations import parse_duration

from tests.support.layers import layer


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(90, 90), ("90s", 90), ("5m", 300), ("2h30m", 9000), ("1d", 86400), (0, 0), (1.5, 1.5)],
)
def test_durations(value: object, seconds: float) -> None:
    assert parse_duration(value) == timedelta(seconds=seconds)


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
        build_settings([layer("job", run_timeout=value)])
    assert caught.value.fix == f"Did you mean `{meant}`? Write it as `run_timeout: {meant}`."
    build_settings([layer("job", run_timeout=meant)])


@pytest.mark.parametrize("value", ["soon", "1 month", "1 fortnight", "an hour", "-1 hour", "", []])
def test_a_duration_that_nobody_understands_is_answered_by_an_example(value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", run_timeout=value)])
    assert caught.value.fix == "Write a valid value, such as `run_timeout: 2h30m`."
