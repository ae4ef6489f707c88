"""A stream of CSV rows.

The SDK's own loop conforms, maps and serializes one record at a time, which costs more than all
the rest (see bench.py). This one knows each column's kind before the first row, so it writes values
that need no conforming. Where stream maps are configured, records go the SDK's way.
"""

from __future__ import annotations

from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import StateMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_csv import kinds
from tap_csv.bookmark import Bookmark, ascends
from tap_csv.errors import OutputClosedError, SettingsError, SourceError
from tap_csv.malformed import Ignored, MalformedRows
from tap_csv.source import CsvSource
from tap_csv.writer import record_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from singer_sdk import metrics
    from singer_sdk.helpers import types

    from tap_csv.kinds import Value
    from tap_csv.settings import StreamSettings
    from tap_csv.tap import TapCsv

# Often enough for someone who watches a run.
_METRIC_SECONDS = 5.0


class CsvStream(Stream):
    """One or more CSV files with the same columns."""

    def __init__(self, tap: TapCsv, settings: StreamSettings, root: Path) -> None:
        super().__init__(tap, name=settings.stream)
        self.primary_keys = settings.primary_keys
        self.replication_key = settings.replication_key
        self._settings = settings
        self._stop = tap.stop
        self._write_message = tap.write_message
        self._lines = tap.lines
        self._source = CsvSource(settings, root)
        self._malformed = MalformedRows(self.name, self.logger, skip=settings.skip_malformed)
        self._state_is_due = True

    def get_replication_key_signpost(self, context: types.Context | None = None) -> None:
        """Returns none: the SDK's would hold back rows whose time is in the future.

        Args:
            context: Not used.
        """

    # Discovery

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The columns and their kinds, found in a sample; not read where a catalog says them."""
        header, settings = self._source.header, self._settings
        self._require_columns(header, settings.types, "types")
        found = ["string"] * len(header)
        if settings.infer_rows:
            found = kinds.infer(self._sample(settings.infer_rows), len(header))
        of_column = dict(zip(header, found, strict=True)) | dict(settings.types)
        self._check_keys(header)
        keys = {*self.primary_keys, self.replication_key}
        properties = {
            name: kinds.to_schema(of_column[name], nullable=name not in keys) for name in header
        }
        return {"type": "object", "properties": properties}

    def _sample(self, limit: int) -> Iterator[list[str]]:
        for _, row in zip(range(limit), self._source.rows(Ignored()), strict=False):
            self._stop.check()
            yield row

    def _check_keys(self, header: Sequence[str]) -> None:
        self._require_columns(header, self.primary_keys, "primary_keys")
        if self.replication_key:
            self._require_columns(header, [self.replication_key], "replication_key")

    def _require_columns(self, header: Sequence[str], names: Any, setting: str) -> None:  # noqa: ANN401
        for name in names:
            if name not in header:
                raise SettingsError(
                    f"Setting {setting} names the column {name!r}, which {self._source.files[0]} "
                    f"does not have; it has {', '.join(header)}",
                    fix=f"Correct {setting}, or delimiter and encoding if the columns look wrong",
                )

    # Sync

    def get_records(self, context: types.Context | None) -> Iterator[types.Record]:
        """Reads all rows, typed; the SDK's interface, which this stream's own loop goes around.

        Args:
            context: Not used; the stream has no parent.

        Yields:
            A record for each row.
        """
        del context
        plan = self._plan(self._source.header)
        for row in self._source.rows(self._malformed):
            yield {name: convert(row[index]) for index, name, convert in plan}

    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Writes the records and the state; yields nothing, because nothing reads it."""
        del context, write_messages
        yield from ()
        bookmark: Bookmark | None = None
        record_counter = self.get_record_counter(log_interval=_METRIC_SECONDS)
        with record_counter as counter, self.get_sync_timer():
            try:
                self._stop.check()
                self._check_keys(self._source.header)
                bookmark = self._open_bookmark()
                self._move_rows(bookmark, counter)
            except OutputClosedError:
                raise
            except BaseException:
                # Whatever ended the run early, the loader learns what it has by now. A place in
                # rows that do not ascend is none: lower ones may be left.
                self._save(bookmark if bookmark and bookmark.is_sorted else None)
                raise
            finally:
                self._malformed.summarize()
            self._save(bookmark)

    def _move_rows(self, bookmark: Bookmark | None, counter: metrics.Counter) -> None:
        plan = self._plan(self._source.header)
        key_index = self._source.header.index(bookmark.column) if bookmark else 0
        write, stop, limit = self._record_writer(), self._stop, self.ABORT_AT_RECORD_COUNT
        moved = pending = 0
        try:
            for row in self._source.rows(self._malformed):
                stop.check()
                try:
                    if bookmark and not bookmark.wants(row[key_index]):
                        continue
                    record = {name: convert(row[index]) for index, name, convert in plan}
                except ValueError:
                    self._report_cell(row, plan, key_index if bookmark else None)
                    if bookmark:
                        bookmark.skip(row[key_index])
                    continue
                if limit is not None:
                    self._check_max_record_limit(moved)
                flushed = write(record)
                if bookmark:
                    bookmark.advance(row[key_index])
                moved += 1
                pending += 1
                self._state_is_due = True
                if flushed:
                    counter.increment(pending)
                    pending = 0
                if moved % self.STATE_MSG_FREQUENCY == 0 and bookmark and bookmark.is_sorted:
                    self._save(bookmark)
        finally:
            # Unless the reader of standard output is gone, what is pending is written next.
            counter.increment(pending)

    def _open_bookmark(self) -> Bookmark | None:
        if self.replication_method != REPLICATION_INCREMENTAL:
            return None
        key = str(self.replication_key)
        kind = kinds.from_schema(self.effective_schema["properties"].get(key, {}))
        if kind == "boolean":
            raise SettingsError(
                f"Setting replication_key names {key!r}, a boolean column",
                fix="Choose a column whose values grow: a timestamp, a date or a number",
            )
        cells = map(itemgetter(self._source.header.index(key)), self._checked_rows())
        is_sorted = ascends(cells, kind)
        if not is_sorted:
            self.logger.warning(
                "Rows do not ascend by %r: the bookmark moves at the end of the run only, and a "
                "run that is stopped starts over. Sort the file by this column to have more",
                key,
            )
        return Bookmark(key, kind, self.stream_state, is_sorted=is_sorted)

    def _checked_rows(self) -> Iterator[list[str]]:
        for row in self._source.rows(Ignored()):
            self._stop.check()
            yield row

    def _plan(self, header: list[str]) -> list[tuple[int, str, Callable[[str], Value]]]:
        """Says for each selected column where it is and how to convert it."""
        known = self.effective_schema["properties"]
        selected = {name: prop for name, prop in known.items() if self._is_selected(name)}
        for name in selected:
            if name not in header:
                raise SourceError(
                    f"The catalog has a column {name!r}, which {self._source.files[0]} does not "
                    f"have; it has {', '.join(header)}",
                    fix="Renew the catalog: run with --refresh-catalog",
                )
        if new := [name for name in header if name not in known]:
            self.logger.warning(
                "Left out: %s; the catalog is older than these columns. Run with --refresh-catalog",
                ", ".join(new),
            )
        keys = {*self.primary_keys, self.replication_key}
        return [
            (header.index(name), name, _cell(kinds.from_schema(prop), required=name in keys))
            for name, prop in selected.items()
        ]

    def _is_selected(self, name: str) -> bool:
        return self.mask.get(("properties", name), True)

    def _report_cell(
        self,
        row: list[str],
        plan: list[tuple[int, str, Callable[[str], Value]]],
        key_index: int | None,
    ) -> None:
        """Finds the cell that could not be converted, and reports it."""
        source = self._source
        for index, name, convert in sorted(plan, key=lambda column: column[0] != key_index):
            text = row[index]
            try:
                convert(text)
            except ValueError:
                kind = kinds.from_schema(self.effective_schema["properties"][name])
                reason = f"{text[:80]!r} is not of the type {kind}"
                fix = f"set the type of {name!r} to string in types"
                if not text:
                    reason, fix = "empty, though the column is a key", ""
                self._malformed.report(source.path, source.line, reason, column=name, fix=fix)
                return

    # Messages

    def _record_writer(self) -> Callable[[dict[str, Any]], bool]:
        """Returns what writes a record and says whether standard output has it already."""
        first, *others = self.stream_maps
        as_it_is = type(first) is SameRecordTransform and not first.flattening_enabled
        if others or not as_it_is or self._stream_version is not None:
            return self._write_mapped
        prefix, write = record_prefix(self.name), self._lines.write_record
        return lambda record: write(prefix, record)

    def _write_mapped(self, record: dict[str, Any]) -> bool:
        self._write_record_message(record)
        return True

    def _save(self, bookmark: Bookmark | None) -> None:
        if bookmark:
            self.stream_state.update(bookmark.to_state())
        self._write_state_message()

    def _write_state_message(self) -> None:
        """Writes the state if anything was written since it last was.

        The SDK leaves out a state that equals the last one. But a loader such as target-jsonl
        passes on no state at all if the last message it gets is a record.
        """
        if self._state_is_due:
            _ = self.stream_state  # Makes an entry for the stream, empty or not.
            self._write_message(StateMessage(value=self.tap_state))
            self._state_is_due = False


def _cell(kind: str, *, required: bool) -> Callable[[str], Value]:
    """Returns a converter that knows about empty cells."""
    convert = kinds.converter(kind)
    if required:
        return lambda text: convert(text) if text else _refuse_empty()
    if kind == "string":
        return lambda text: text or None
    return lambda text: convert(text) if text else None


def _refuse_empty() -> Value:
    raise ValueError
