"""How text becomes values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tap_csv import kinds


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "0", 0),
        ("integer", "-12", -12),
        ("integer", "123456789012345678901234567890", 123456789012345678901234567890),
        ("number", "19.90", Decimal("19.90")),
        ("number", "-1e-7", Decimal("-1e-7")),
        ("number", "0.12345678901234567890123", Decimal("0.12345678901234567890123")),
        ("boolean", "TRUE", True),
        ("boolean", "no", False),
        ("date", "2024-02-29", "2024-02-29"),
        ("date-time", "2026-01-02 03:04", "2026-01-02T03:04:00Z"),
        ("date-time", "2026-01-02T03:04:05.123456789+02:00", "2026-01-02T03:04:05.123456789+02:00"),
        ("date-time", "2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
        ("string", " 00123 ", " 00123 "),
    ],
)
def test_a_value_says_what_the_text_says(kind: str, text: str, value: kinds.Value) -> None:
    converted = kinds.converter(kind)(text)
    assert converted == value
    assert str(converted) == str(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("integer", text)
            for text in ("00123", "+5", "1_000", "-0", "1.0", "٣", " 1", "9" * 300)
        ),
        *(("number", text) for text in ("NaN", "inf", "-Infinity", ".5", "1.", "1e400", "0x1p3")),
        *(("boolean", text) for text in ("maybe", "2", "tRUE")),
        *(("date", text) for text in ("2025-02-29", "20250101", "2025-W01-1", "1/2/2025")),
        *(("date-time", text) for text in ("2025-01-01", "2025-01-01T24:30", "2025-01-01T10:00.5")),
    ],
)
def test_what_only_resembles_a_value_is_none(kind: str, text: str) -> None:
    assert not kinds._fits(kind, text)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ("1 2 3", "integer"),
        ("1 2.5 3", "number"),
        ("2.5 1", "number"),
        ("1 true", "string"),
        ("1 0", "integer"),
        ("true False", "boolean"),
        ("00123 5", "string"),
        ("5 00123", "string"),
        ("2026-01-01 2026-01-01T00:00", "string"),
        ("2026-01-01T00:00 2026-01-01T00:00:01Z", "date-time"),
        ("", "string"),
    ],
)
def test_a_column_has_the_narrowest_kind_of_all_its_cells(cells: str, kind: str) -> None:
    assert kinds.infer([[cell] for cell in cells.split(" ")], 1) == [kind]


def test_empty_cells_say_nothing_about_a_kind() -> None:
    assert kinds.infer([["", ""], ["7", ""]], 2) == ["integer", "string"]


@pytest.mark.parametrize("kind", kinds.type_names)
@pytest.mark.parametrize("nullable", [True, False])
def test_a_kind_survives_the_catalog(kind: str, nullable: bool) -> None:
    assert kinds.from_schema(kinds.to_schema(kind, nullable=nullable)) == kind


def test_instants_compare_across_offsets_and_decimals() -> None:
    key = kinds.sort_key("date-time")
    assert key("2026-01-01T12:00:00+02:00") == key("2026-01-01 10:00Z")
    assert key("2026-01-01T00:00:00Z") < key("2026-01-01T00:00:00.000000001Z")
    assert key("2026-01-01T00:00:00.5Z") == key("2026-01-01T00:00:00.50")
