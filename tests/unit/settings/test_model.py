"""The settings: defaults, documentation and examples."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from meltano_pods.settings import Settings, build_settings
from meltano_pods.settings.deployment.model import DeploymentSettings
from meltano_pods.settings.messages import format_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel


def test_defaults() -> None:
    settings = build_settings([]).model_dump()
    # The rest is None, false or empty, which leads to the deployment's, Airflow's or Meltano's own.
    none: tuple[object, ...] = (None, False, {}, ())
    assert {key: value for key, value in settings.items() if value not in none} == {
        "state_strategy": "auto",
        "backfill_state": "own",
        "start_timeout": timedelta(minutes=10),
        "timezone": "UTC",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "stall_timeout": timedelta(hours=3),
        "termination_grace_period": timedelta(seconds=120),
        "priority_weight": 1,
        "assets": True,
    }


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
        assert yaml.safe_load(format_yaml(key, example)) == {key: example}
        if model is DeploymentSettings:
            assert isinstance(example, str)
