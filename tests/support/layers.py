"""What one level of a project says, without a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import Location, SettingsError
from meltano_pods.settings import settings_of
from meltano_pods.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WHERE = Location("meltano/shop/meltano.yml", 7, "annotations.meltano_pods")


def layer(level: str, **values: object) -> Layer:
    places = {key: Location(WHERE.file, 9, f"{WHERE.key}.{key}") for key in values}
    return Layer(level, WHERE, values, places)


def assert_refused(values: Mapping[str, object], parts: Iterable[str]) -> None:
    """Check that a job may not say this, and that the error names place and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", **values)])
    text = str(caught.value)
    assert f"where: {WHERE.file}, line 9, key {WHERE.key}.{next(iter(values))}" in text
    for part in parts:
        assert part in text
