"""What the next run moves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conftest import sync
from tap_csv.errors import MalformedRowError, SourceError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

_STATE = {"bookmarks": {"orders": {"replication_key": "at", "replication_key_value": "?"}}}


def _append(file: Path, text: str) -> None:
    with file.open("a") as stream:
        stream.write(text)


def test_an_unchanged_file_has_nothing_new(write: Write) -> None:
    write("id,at\n1,2026-01-01T00:00Z\n2,2026-01-02T00:00Z\n")
    first = sync(replication_key="at")
    second = sync(first.state, replication_key="at")
    assert len(first.records) == 2
    assert second.records == []
    assert second.state == first.state
    assert len(sync(replication_key="at").records) == 2


def test_appended_rows_move_even_when_they_tie_with_the_bookmark(write: Write) -> None:
    file = write("id,at\n1,5\n2,7\n3,7\n")
    state = sync(replication_key="at").state
    assert state["bookmarks"]["orders"] == {
        "replication_key": "at",
        "replication_key_value": 7,
        "rows_at_value": 2,
    }
    _append(file, "".join(f"{n},7\n" for n in range(4, 14)))
    second = sync(state, replication_key="at")
    assert [record["id"] for record in second.records] == list(range(4, 14))
    _append(file, "14,7\n15,8\n")
    third = sync(second.state, replication_key="at")
    assert [record["id"] for record in third.records] == [14, 15]
    assert third.state["bookmarks"]["orders"]["rows_at_value"] == 1


def test_a_tie_with_a_skipped_row_is_not_written_twice(write: Write) -> None:
    file = write("id,at\n1,7\nx,7\n3,7\n")
    config = {
        "replication_key": "at",
        "on_malformed": "skip",
        "types": {"id": "integer"},
    }
    first = sync(**config)
    assert [record["id"] for record in first.records] == [1, 3]
    _append(file, "4,7\n")
    second = sync(first.state, **config)
    assert [record["id"] for record in second.records] == [4]


def test_a_file_that_does_not_ascend_loses_no_row(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    file = write("id,at\n1,9\n2,3\n3,9\nx,4\n")
    config = {"replication_key": "at", "types": {"id": "integer"}}
    with pytest.raises(MalformedRowError):
        sync(**config)
    interrupted = sync.last  # type: ignore[attr-defined]
    assert interrupted.state == {"bookmarks": {"orders": {}}}
    assert caplog.text.count("Rows do not ascend by 'at'") == 1

    file.write_text("id,at\n1,9\n2,3\n3,9\n")
    whole = sync(interrupted.state, replication_key="at")
    assert len(whole.records) == 3
    assert whole.state["bookmarks"]["orders"]["rows_at_value"] == 2
    _append(file, "4,9\n5,10\n6,9\n")
    assert [r["id"] for r in sync(whole.state, replication_key="at").records] == [4, 5, 6]


def test_a_number_keeps_its_digits_in_the_bookmark(write: Write) -> None:
    file = write("at\n0.12345678901234567890\n")
    state = json.loads(json.dumps(sync(replication_key="at").state))
    _append(file, "0.12345678901234567891\n")
    assert len(sync(state, replication_key="at").records) == 1


def test_a_bookmark_without_a_count_moves_ties_again_rather_than_losing_one(write: Write) -> None:
    write("at\n2026-01-01\n2026-01-02\n2026-01-02\n")
    state = json.loads(json.dumps(_STATE).replace("?", "2026-01-02"))
    assert len(sync(state, replication_key="at").records) == 2


def test_a_bookmark_of_another_column_is_none(write: Write) -> None:
    write("id,at\n1,5\n2,7\n")
    state = sync(replication_key="at").state
    assert len(sync(state, replication_key="id").records) == 2


def test_a_bookmark_that_does_not_fit_says_how_to_start_over(write: Write) -> None:
    write("at\n1\n2\n")
    with pytest.raises(StateError, match=r"'\?', which is not a valid integer\. Run once"):
        sync(_STATE, replication_key="at")


def test_an_empty_replication_key_is_malformed(write: Write) -> None:
    write("id,at\n1,5\n2,\n")
    with pytest.raises(MalformedRowError, match="line 3, column 'at': empty"):
        sync(replication_key="at")


def test_a_file_changed_under_the_run_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("id,at\n1,9\n2,3\n")
    monkeypatch.setattr("tap_csv.stream.ascends", lambda _cells, _kind: True)
    with pytest.raises(SourceError, match="changed while it was read"):
        sync(replication_key="at")
