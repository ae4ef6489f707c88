"""The bookmark: which rows are new, and what is remembered of the ones that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_csv import kinds
from tap_csv.errors import SourceError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Bookmark:
    """A place among rows that are ordered by a replication key.

    Rows that tie with the last value are distinguished by their number: `rows_at_value` in the
    state is the number of them that the loader already has, and the next run skips as many. So a
    row appended with the same timestamp is not lost, and none is sent twice.

    Attributes:
        column: Name of the replication key.
        is_sorted: Whether the rows ascend. Only then is a place in the middle a safe one.
    """

    def __init__(
        self, column: str, kind: str, state: Mapping[str, Any], *, is_sorted: bool
    ) -> None:
        self.column = column
        self._convert = kinds.converter(kind)
        self._sort_key = kinds.sort_key(kind)
        self.is_sorted = is_sorted
        self._text: str | None = None
        self._rows = 0
        self._start_key: Any = None
        value = state.get("replication_key_value")
        # A bookmark of another column says nothing about this one.
        if value is not None and state.get("replication_key") == column:
            self._resume(str(value), kind, state.get("rows_at_value", 0))
        self._start_rows = self._rows
        self._last_key: Any = self._start_key
        self._key: Any = None
        self._ties = 0

    def _resume(self, text: str, kind: str, rows: int) -> None:
        try:
            self._start_key = self._sort_key(text)
        except ValueError:
            raise StateError(
                f"The bookmark of column {self.column!r} is {text!r}, which is not a valid {kind}",
                fix="Run once with --full-refresh, or set types to what the column was",
            ) from None
        self._text, self._rows = text, rows

    def wants(self, text: str) -> bool:
        """Says whether a row is new.

        Args:
            text: Its cell of the replication key.

        Returns:
            Whether the loader does not have it yet.

        Raises:
            ValueError: The cell has no value of the column's kind.
        """
        key = self._key = self._sort_key(text)
        start = self._start_key
        if start is None or key > start:
            return True
        if key < start:
            return False
        self._ties += 1
        return self._ties > self._start_rows

    def advance(self, text: str) -> None:
        """Moves on past the row that `wants` was last asked about.

        Args:
            text: The same cell.

        Raises:
            SourceError: The rows ascended a moment ago, and now they do not.
        """
        key, last = self._key, self._last_key
        if last is None or key > last:
            self._text, self._rows, self._last_key = text, 1, key
        elif key == last:
            self._rows += 1
        elif self.is_sorted:
            raise SourceError(
                f"Column {self.column!r} goes back to {text!r} where it ascended at the start of "
                "this run: the file was changed while it was read",
                fix="Run again when nothing writes to the file",
            )

    def skip(self, text: str) -> None:
        """Moves on past a malformed row, so that rows that tie with it keep their numbers.

        Args:
            text: Its cell of the replication key, which may be what is malformed.
        """
        try:
            self._key = self._sort_key(text)
        except ValueError:
            return
        self.advance(text)

    def to_state(self) -> dict[str, Any]:
        """Describes the place for the next run.

        Returns:
            What to put into the stream's state; empty before the first row.
        """
        if self._text is None:
            return {}
        value = self._convert(self._text)
        return {
            "replication_key": self.column,
            # What stores the state may read numbers as floats; a text keeps its digits.
            "replication_key_value": value if isinstance(value, int) else str(value),
            "rows_at_value": self._rows,
        }


def ascends(cells: Iterable[str], kind: str) -> bool:
    """Says whether cells never go down.

    Args:
        cells: The cells of the replication key, in the file's order.
        kind: Kind of the column; cells that are not of it are passed over.

    Returns:
        Whether no cell is lower than one before it.
    """
    sort_key = kinds.sort_key(kind)
    last_text: str | None = None
    last_key: Any = None
    for text in cells:
        if text == last_text:
            continue
        try:
            key = sort_key(text)
        except ValueError:
            continue
        if last_key is not None and key < last_key:
            return False
        last_text, last_key = text, key
    return True
