"""Encodings, dialects, files and malformed rows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from conftest import sync
from tap_csv.errors import MalformedRowError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

_TEXT = 'id,name\r\n1,"Zoë, ""Z"""\r\n\r\n2,"two\r\nlines 🎁"\r\n'
_ROWS = [{"id": 1, "name": 'Zoë, "Z"'}, {"id": 2, "name": "two\r\nlines 🎁"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_and_without_a_byte_order_mark(write: Write, encoding: str) -> None:
    write(_TEXT.encode(encoding))
    assert sync(encoding=encoding.removesuffix("-sig")).records == _ROWS


def test_a_legacy_encoding_and_dialect(write: Write) -> None:
    write("id;name\n1;'café; €'\n".encode("cp1252"))
    config = {"encoding": "cp1252", "delimiter": ";", "quotechar": "'"}
    assert sync(**config).records == [{"id": 1, "name": "café; €"}]


def test_no_quotes_and_tabs(write: Write) -> None:
    write('id\tname\n1\t"a\n')
    assert sync(delimiter="tab", quotechar="").records == [{"id": 1, "name": '"a'}]


def test_a_pattern_reads_files_in_order_as_one_stream(write: Write) -> None:
    write("id\n3\n", "orders-b.csv")
    write("id\n1\n2", "orders-a.csv")
    output = sync(path="orders-*.csv", stream="orders")
    assert output.records == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_a_list_of_files_is_a_list_of_streams(write: Write) -> None:
    write("id\n1\n", "a.csv")
    write("id;x\n2;y\n", "b.csv")
    files = [{"path": "a.csv"}, {"path": "b.csv", "stream": "bees", "delimiter": ";"}]
    records = [m for m in sync(files=files).messages if m["type"] == "RECORD"]
    assert [(m["stream"], m["record"]) for m in records] == [
        ("a", {"id": 1}),
        ("bees", {"id": 2, "x": "y"}),
    ]


@pytest.mark.parametrize(
    ("content", "config", "message"),
    [
        (None, {}, "No file is at"),
        ("", {}, "has no header"),
        ("id,\n", {}, "Column 2 of .* has no name"),
        ("id,id\n", {}, "Two columns of .* have the name 'id'"),
        (b"i\xe9\n", {}, "header of .* cannot be read: byte 0xe9 is not utf-8.*encoding"),
        (b"id\n1\n", {"encoding": "utf-16"}, "Cannot read .* as utf-16"),
        ("id\n1\n", {"path": "."}, "Cannot read .*: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    write: Write, content: str | bytes | None, config: dict[str, Any], message: str
) -> None:
    if content is not None:
        write(content)
    with pytest.raises(SourceError, match=message):
        sync(stream="orders", **config)


# The malformed row is the third line; what is good stands around it.
_MALFORMED = [
    (b"2,x,y", None, "3 cells where the header has 2"),
    (b"2", None, "1 cells where the header has 2"),
    (b"two,x", "id", "'two' is not of the type integer"),
    (b"2,\xff\xfe", "name", "byte 0xff is not utf-8"),
    (b"2,a\0b", "name", "a NUL character"),
    (b'2,"x', None, "a quote is opened and never closed"),
    (b'2,"x"y', None, "goes on after its closing quote"),
    (b'2,"' + b"x" * 1_100_000 + b'"', None, "longer than 1,048,576 characters"),
    (b",x", "id", "empty, though the column is a key"),
]
_CONFIG = {"primary_keys": ["id"], "infer_rows": 1}


@pytest.mark.parametrize(("row", "column", "reason"), _MALFORMED)
def test_a_malformed_row_ends_the_run(
    write: Write, row: bytes, column: str | None, reason: str
) -> None:
    write(b"id,name\n1,a\n" + row + b"\n3,c\n")
    place = "orders.csv line 3" + (f", column '{column}'" if column else "")
    with pytest.raises(MalformedRowError) as caught:
        sync(**_CONFIG)
    assert f"{place}: " in str(caught.value)
    assert reason in str(caught.value)
    assert "set on_malformed to skip" in caught.value.fix


@pytest.mark.parametrize(("row", "column", "reason"), _MALFORMED)
def test_a_malformed_row_is_skipped_and_nothing_else(
    write: Write, caplog: pytest.LogCaptureFixture, row: bytes, column: str | None, reason: str
) -> None:
    del column
    write(b"id,name\n1,a\n" + row + b"\n3,c\n4,d\n")
    with caplog.at_level(logging.INFO):
        output = sync(on_malformed="skip", **_CONFIG)
    assert [record["id"] for record in output.records] == [1, 3, 4]
    assert f"line 3{', column' if 'column' in reason else ''}" in caplog.text
    assert reason in caplog.text
    assert "Skipped 1 malformed rows in all" in caplog.text
    assert '"metric":"rows_skipped","value":1' in caplog.text


def test_few_skipped_rows_are_shown_and_all_counted(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write("id,name\n1,a\n" + "x,y\n" * 50 + '2,"unclosed\n' * 3)
    sync(on_malformed="skip", **_CONFIG)
    assert caplog.text.count("Skipped a malformed row") == 10
    assert "Skipped 53 malformed rows in all" in caplog.text


def test_rows_before_a_malformed_one_are_in_the_state(write: Write) -> None:
    write("id,at\n1,1\n2,2\nx,3\n")
    with pytest.raises(MalformedRowError):
        sync(replication_key="at", types={"id": "integer"})
    output = sync.last  # type: ignore[attr-defined]
    assert len(output.records) == 2
    assert output.state["bookmarks"]["orders"]["replication_key_value"] == 2
