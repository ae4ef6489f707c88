"""The SDK's own tests of a tap, on the project's example file."""

from __future__ import annotations

from pathlib import Path

from singer_sdk.testing import get_tap_test_class
from tap_csv.tap import TapCsv

_EXAMPLE = Path(__file__).parents[2] / "data" / "test.csv"

TestStandard = get_tap_test_class(
    TapCsv,
    config={
        "path": str(_EXAMPLE),
        "stream": "orders",
        "primary_keys": ["order_id"],
        "replication_key": "updated_at",
    },
)
