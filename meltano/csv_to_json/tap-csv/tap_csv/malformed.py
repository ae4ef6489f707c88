"""What happens to a malformed row: it ends the run, or is skipped, reported and counted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from singer_sdk import metrics

from tap_csv.errors import MalformedRowError

if TYPE_CHECKING:
    import logging
    from pathlib import Path

_SHOWN = 10
_SKIP = "set on_malformed to skip to go on without such rows"


class _Metric(Enum):
    # The SDK's own enumeration has no name for this.
    ROWS_SKIPPED = "rows_skipped"


class MalformedRows:
    """Takes reports of malformed rows."""

    def __init__(self, stream: str, logger: logging.Logger, *, skip: bool) -> None:
        self._stream = stream
        self._logger = logger
        self._skip = skip
        self.count = 0

    def report(
        self, path: Path, line: int, reason: str, *, column: str | None = None, fix: str = ""
    ) -> None:
        """Reports a row.

        Args:
            path: The file.
            line: Number of the row's first line, from 1, as editors count.
            reason: What is wrong with it.
            column: Name of the column, where it is known.
            fix: A way to correct it other than editing the row, where there is one.

        Raises:
            MalformedRowError: Malformed rows are to end the run.
        """
        place = f"{path} line {line}" + (f", column {column!r}" if column else "")
        if not self._skip:
            raise MalformedRowError(
                f"{place}: {reason}", fix=f"Correct the row, {fix and fix + ', '}or {_SKIP}"
            )
        self.count += 1
        if self.count <= _SHOWN:
            self._logger.warning("Skipped a malformed row: %s: %s", place, reason)
        elif self.count == _SHOWN + 1:
            self._logger.warning("More malformed rows are skipped; they are counted, not shown")

    def summarize(self) -> None:
        """Tells how many rows were left out, if any were."""
        if not self.count:
            return
        self._logger.warning("Skipped %d malformed rows in all", self.count)
        metrics.log(
            metrics.get_metrics_logger(),
            metrics.Point(
                "counter",
                _Metric.ROWS_SKIPPED,  # type: ignore[arg-type]
                self.count,
                {metrics.Tag.STREAM: self._stream},
            ),
        )


class Ignored(MalformedRows):
    """Takes no notice: for passes that only look ahead."""

    def __init__(self) -> None:
        """Needs neither a name nor a logger."""

    def report(
        self, path: Path, line: int, reason: str, *, column: str | None = None, fix: str = ""
    ) -> None:
        """Does nothing.

        Args:
            path: Not used.
            line: Not used.
            reason: Not used.
            column: Not used.
            fix: Not used.
        """
