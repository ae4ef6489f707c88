"""What is written: catalogs, stream maps and metrics."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from conftest import Message, sync
from tap_csv.errors import SourceError
from tap_csv.stream import CsvStream
from tap_csv.tap import TapCsv

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[..., object]

_TEXT = "id,name,at\n1,a,5\n2,b,7\n"


def _catalog(*deselected: str) -> Message:
    catalog: Message = json.loads(TapCsv(config={"path": "orders.csv"}).catalog_json_text)
    for entry in catalog["streams"][0]["metadata"]:
        entry["metadata"]["selected"] = not set(entry["breadcrumb"]) & set(deselected)
    return catalog


def test_a_deselected_column_is_in_neither_schema_nor_record(write: Write) -> None:
    write(_TEXT)
    output = sync(None, _catalog("name"))
    assert output.records == [{"id": 1, "at": 5}, {"id": 2, "at": 7}]
    assert set(output.schema["schema"]["properties"]) == {"id", "at"}


def test_stream_maps_apply_and_rows_still_count(write: Write) -> None:
    write(_TEXT)
    maps = {"orders": {"name": "name.upper()", "at": None, "__filter__": "id > 1"}}
    output = sync(stream_maps=maps, replication_key="id")
    assert output.records == [{"id": 2, "name": "B"}]
    assert output.state["bookmarks"]["orders"]["replication_key_value"] == 2


def test_a_mapped_run_writes_what_the_fast_one_does(write: Write) -> None:
    write("id,n,t,b,s\n1,19.90,2026-01-01 00:00,true,\n2,,2026-01-01 00:00,,é\n")
    fast = sync()
    mapped = sync(stream_maps={"orders": {"s": "s"}})
    assert fast.records == mapped.records
    assert fast.schema["schema"]["properties"]["t"]["format"] == "date-time"


def test_a_column_the_catalog_lacks_is_left_out_and_told_of(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write(_TEXT)
    catalog = _catalog()
    write("id,name,at,new\n1,a,5,x\n")
    assert sync(None, catalog).records == [{"id": 1, "name": "a", "at": 5}]
    assert "Left out: new" in caplog.text


def test_a_column_only_the_catalog_has_is_refused(write: Write) -> None:
    write(_TEXT)
    catalog = _catalog()
    write("id,name\n1,a\n")
    with pytest.raises(SourceError, match=r"The catalog has a column 'at'.*--refresh-catalog"):
        sync(None, catalog)


def test_counts_add_up(
    write: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_csv.stream._METRIC_SECONDS", 0.0)
    monkeypatch.setattr(CsvStream, "STATE_MSG_FREQUENCY", 1000)
    write("id,at\n" + "".join(f"{n},{n}\n" for n in range(5500)))
    with caplog.at_level(logging.INFO):
        output = sync(replication_key="at")
    counts = [
        json.loads(message.removeprefix("METRIC: "))["value"]
        for message in caplog.messages
        if '"record_count"' in message
    ]
    assert len(counts) > 2
    assert sum(counts) == len(output.records) == 5500
    assert [m["type"] for m in output.messages].count("STATE") == 6


def test_every_state_on_the_way_covers_the_rows_before_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CsvStream, "STATE_MSG_FREQUENCY", 7)
    write("id,at\n" + "".join(f"{n},{n // 3}\n" for n in range(100)))
    rows, messages = 0, sync(replication_key="at").messages
    for message in messages:
        rows += message["type"] == "RECORD"
        if message["type"] == "STATE":
            assert len(sync(message["value"], replication_key="at").records) == 100 - rows
