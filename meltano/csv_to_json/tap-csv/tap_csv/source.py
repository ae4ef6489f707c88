"""Reads rows from CSV files, and finds malformed ones."""

from __future__ import annotations

import codecs
import csv
import glob
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from tap_csv.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tap_csv.malformed import MalformedRows
    from tap_csv.settings import StreamSettings

# What Meltano passes on as one line holds a cell of this length in any script, and a quote that is
# never closed is found within it.
_CELL_CHARACTERS = 1_048_576
csv.field_size_limit(_CELL_CHARACTERS)

_REASONS = {
    "unexpected end of data": "a quote is opened and never closed",
    "field larger than field limit": f"a cell is longer than {_CELL_CHARACTERS:,} characters; "
    "often a quote is opened and never closed",
    " expected after ": "a quoted cell goes on after its closing quote; "
    "a quote inside one must be doubled",
}

_UNREADABLE = re.compile("[\0\udc00-\udcff]")


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Puts a lone surrogate for each byte, which no codec makes of valid bytes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    marks = "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end])
    return marks, error.end


# Of Python's own handlers `surrogateescape` does the same, but not for UTF-16 and UTF-32.
codecs.register_error("tap_csv.mark", _mark_undecodable)


class CsvSource:
    """The files of one stream.

    Attributes:
        path: The file that the last row came from.
        line: Number of that row's first line, from 1.
    """

    def __init__(self, settings: StreamSettings, root: Path) -> None:
        self._settings = settings
        self._root = root
        self._dialect: dict[str, Any] = {"delimiter": settings.delimiter, "strict": True}
        if settings.quotechar is None:
            self._dialect["quoting"] = csv.QUOTE_NONE
        else:
            self._dialect["quotechar"] = settings.quotechar
        self.path = root
        self.line = 0

    @cached_property
    def files(self) -> list[Path]:
        """The files, in the order of their names.

        Raises:
            SourceError: No file is there.
        """
        path = self._root / self._settings.path
        if path.exists():
            return [path]
        # Path.glob takes no absolute pattern.
        names = glob.iglob(self._settings.path, root_dir=self._root, recursive=True)  # noqa: PTH207
        found = [file for name in sorted(names) if (file := self._root / name).is_file()]
        if not found:
            raise SourceError(
                f"No file is at {path}",
                fix="Correct the setting path; what is relative starts at the Meltano project, "
                "or without one at the working directory",
            )
        return found

    @cached_property
    def header(self) -> list[str]:
        """The names of the columns, from the first file."""
        return next(self._records(self.files[0], None))

    def rows(self, malformed: MalformedRows) -> Iterator[list[str]]:
        """Reads the rows of all files.

        Args:
            malformed: Where to report malformed rows.

        Yields:
            A row as wide as the header. `path` and `line` say where it is.

        Raises:
            SourceError: A file cannot be read or has another header.
        """
        for file in self.files:
            records = self._records(file, malformed)
            header = next(records)
            if header != self.header:
                raise SourceError(
                    f"{file} has the columns {header}, {self.files[0]} has {self.header}",
                    fix="Name files with other columns in an entry of their own in files",
                )
            yield from records

    def _records(self, file: Path, malformed: MalformedRows | None) -> Iterator[list[str]]:
        """Yields the header of a file, then its rows."""
        try:
            with file.open(
                encoding=self._settings.encoding, errors="tap_csv.mark", newline=""
            ) as text:
                lines = _Lines(text)
                yield _checked_header(file, next(self._parse(file, lines, None), []))
                lines.held.clear()
                if malformed is not None:
                    yield from self._parse(file, lines, malformed)
        except OSError as error:
            raise SourceError(
                f"Cannot read {file}: {error.strerror}",
                fix="Correct the setting path or the file's permissions",
            ) from error
        except UnicodeError as error:
            # utf-16 and utf-32 find a wrong byte order mark before they call an error handler.
            raise SourceError(
                f"Cannot read {file} as {self._settings.encoding}: {error}",
                fix="Set encoding to the one the file has, such as utf-8 or cp1252",
            ) from error

    def _parse(
        self, file: Path, lines: _Lines, malformed: MalformedRows | None
    ) -> Iterator[list[str]]:
        width = len(self.header) if malformed else 0
        held = lines.held
        while True:
            try:
                for row in csv.reader(lines.feed(), **self._dialect):
                    self.path, self.line = file, lines.number - len(held) + 1
                    if lines.suspect:
                        lines.suspect = False
                        self._refuse_unreadable(row, malformed)
                    elif not malformed or len(row) == width:
                        yield row
                    elif row:  # A blank line is not a row.
                        reason = f"{len(row)} cells where the header has {width}"
                        malformed.report(file, self.line, reason)
                    held.clear()
            except csv.Error as error:
                self.path, self.line = file, lines.number - len(held) + 1
                known = (text for part, text in _REASONS.items() if part in str(error))
                self._refuse(next(known, str(error)), malformed)
                lines.rewind()
            else:
                return

    def _refuse_unreadable(self, row: list[str], malformed: MalformedRows | None) -> None:
        index, found = next(
            (index, match)
            for index, cell in enumerate(row)
            if (match := _UNREADABLE.search(cell)) is not None
        )
        code = ord(found[0])
        encoding = self._settings.encoding.removesuffix("-sig")
        reason = f"byte 0x{code - 0xDC00:02x} is not {encoding}" if code else "a NUL character"
        names = self.header if malformed else []
        column = names[index] if index < len(names) else None
        self._refuse(reason, malformed, column, "set encoding to the one the file has")

    def _refuse(
        self,
        reason: str,
        malformed: MalformedRows | None,
        column: str | None = None,
        fix: str = "",
    ) -> None:
        if malformed is not None:
            malformed.report(self.path, self.line, reason, column=column, fix=fix)
            return
        raise SourceError(
            f"The header of {self.path} cannot be read: {reason}",
            fix="Check encoding, delimiter and quotechar against the file",
        )


class _Lines:
    """Physical lines of a file, which can be read again.

    Attributes:
        number: Number of the last line read, from 1.
        held: The lines of the row being read; the reader clears it after each row.
        suspect: Whether a line held something no text has.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: list[str] = []
        self.number = 0
        self.held: list[str] = []
        self.suspect = False

    def feed(self) -> Iterator[str]:
        file, again, held = self._file, self._again, self.held
        while line := again.pop() if again else next(file, ""):
            self.number += 1
            held.append(line)
            if "\0" in line or not (line.isascii() or _UNREADABLE.search(line) is None):
                self.suspect = True
            yield line

    def rewind(self) -> None:
        """Goes back to the second line of the row being read.

        A quote that is never closed swallows good rows; only its own line is at fault.
        """
        self.number -= len(self.held) - 1
        self._again.extend(reversed(self.held[1:]))
        self.held.clear()
        self.suspect = False


def _checked_header(file: Path, header: list[str]) -> list[str]:
    fix = "Give every column a name of its own in the file's first line"
    if not header:
        raise SourceError(f"{file} has no header: its first line is empty", fix=fix)
    for index, name in enumerate(header):
        if not name.strip():
            raise SourceError(f"Column {index + 1} of {file} has no name in the header", fix=fix)
        if name in header[:index]:
            raise SourceError(f"Two columns of {file} have the name {name!r}", fix=fix)
    return header
