"""Durations are shown as they may be typed."""

from __future__ import annotations

import pytest
from meltano_pods.settings import Settings
from meltano_pods.settings.types.durations import format_duration


@pytest.mark.parametrize("text", ["0s", "90s", "5m", "2h30m", "1d", "2h3m4s", "0.5s", "1.25s"])
def test_a_duration_is_shown_as_it_may_be_typed(text: str) -> None:
    duration = Settings.model_validate({"retry_delay": text}).retry_delay
    assert duration is not None
    shown = format_duration(duration)
    assert Settings.model_validate({"retry_delay": shown}).retry_delay == duration
