from __future__ import annotations

import pytest
from meltano_pods.names import find_nearest, list_names


@pytest.mark.parametrize(
    ("name", "valid", "expected"),
    [
        ("dayly", ["daily", "weekly"], "daily"),
        ("TAP-CSV", ["tap-csv", "tap-shop"], "tap-csv"),
        ("tap-csv", ["Tap-CSV"], "Tap-CSV"),
        ("production", ["dev", "prod"], "prod"),
        ("dev", ["development", "production"], "development"),
        ("de", ["development"], None),
        ("x", [], None),
        ("orders", ["daily"], None),
        # Those that begin alike come first, the nearest of them before others.
        ("tap-orders", ["target-orders", "tap-orders-incremental"], "tap-orders-incremental"),
        ("tap-orders-full", ["tap-borders-full", "tap-orders"], "tap-orders"),
        ("tap-shoop", ["tap", "tap-shop"], "tap-shop"),
        ("tap-google", ["tap-github", "tap-google-ads", "tap-google-analytics"], "tap-google-ads"),
        ("target-bq", ["target-bigquery", "tap-bq"], "target-bigquery"),
        ("stagging", ["staging", "stage"], "staging"),
        ("x" * 5_000, ["x" * 4_000], "x" * 4_000),
    ],
)
def test_the_nearest_name(name: str, valid: list[str], expected: str | None) -> None:
    assert find_nearest(name, valid) == expected


def test_a_long_list_says_how_many_it_leaves_out() -> None:
    assert list_names(["b", "a", "b"]) == "a, b"
    assert list_names([]) == "none"
    assert list_names(map(str, range(10, 30))).endswith(", 21 and 8 more")
