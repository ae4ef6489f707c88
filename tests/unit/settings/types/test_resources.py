"""Quantities and resources."""

from __future__ import annotations

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.settings import build_settings
from meltano_pods.settings.types.resources import add_quantities, parse_quantity

from tests.support.layers import layer


@pytest.mark.parametrize("value", ["512MB", "512 mb", "512mib", "512Mb", "512MiB"])
def test_a_quantity_as_other_tools_write_it(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", resources={"limits": {"memory": value}})])
    assert caught.value.fix == "Did you mean `512Mi`? Write it as `memory: 512Mi`."


@pytest.mark.parametrize(
    ("name", "value", "content"),
    [
        ("memory", 512, "is 512, which is 512 bytes"),
        ("memory", "512m", "is '512m', which is 0.512 bytes"),
        ("memory", "512k", "which is 512000 bytes"),
        ("ephemeral-storage", "512m", "`ephemeral-storage` is '512m'"),
    ],
)
def test_memory_without_a_unit_or_in_thousandths(name: str, value: object, content: str) -> None:
    with pytest.raises(SettingsError, match=content) as caught:
        build_settings([layer("job", resources={"limits": {name: value}})])
    assert caught.value.fix == "Did you mean `512Mi`?"


@pytest.mark.parametrize(
    ("values", "total"),
    [
        (["250m", "1"], "1250m"),
        (["1", "1"], "2"),
        (["256Mi", "1Gi"], "1280Mi"),
        (["1Gi", "1Gi"], "2Gi"),
        (["1.5Gi", "512Mi"], "2Gi"),
        (["0.5Gi", "0.25Gi"], "805306368"),
        (["1e3", "1k"], "2k"),
        (["0.1", "0.2"], "300000000n"),
    ],
)
def test_quantities_add_up(values: list[str], total: str) -> None:
    assert add_quantities(values) == total
    assert parse_quantity(total) == sum(parse_quantity(value) for value in values)


@pytest.mark.parametrize("value", ["", "1 Gi", "-1", "1gb", "Gi", True, None, [], "1ee3"])
def test_no_quantities(value: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(value)
