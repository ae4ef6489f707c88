"""Layers of settings without a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import Location, SettingsError
from meltano_pods.settings import build_settings
from meltano_pods.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WHERE = Location("meltano/shop/meltano.yml", 7, "annotations.meltano_pods")


def layer(level: str, **values: object) -> Layer:
    places = {key: Location(WHERE.file, 9, f"{WHERE.key}.{key}") for key in values}
    return Layer(level, WHERE, values, places)


def read_error(**values: object) -> str:
    """Return the error of a job's settings."""
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", **values)])
    return str(caught.value)


def assert_rejected(values: Mapping[str, object], parts: Iterable[str]) -> None:
    """Check that settings of a job are rejected, with their place and what is allowed."""
    text = read_error(**values)
    assert f"where: {WHERE.file}, line 9, key {WHERE.key}.{next(iter(values))}" in text
    for part in parts:
        assert part in text
