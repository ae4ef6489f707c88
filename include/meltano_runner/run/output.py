"""Reads Meltano's output line by line, and writes the launcher's log."""

from __future__ import annotations

import json
import os
import sys
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.run import events
from meltano_runner.run.log_limit import LogLimit, cut_line
from meltano_runner.run.noise import NoiseFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.run.redact import Redactor
    from meltano_runner.run.tracker import Tracker

_READ = 1 << 16
_MAX_LINE = 16 << 20
"""Bytes; a longer line is cut, so that a plugin cannot fill the runner's memory with one.

A state of several megabytes is one line, and the result needs all of it.
"""
_PROGRESS_SECONDS = 10.0


def format_line(text: str, level: str, *, as_json: bool, name: str = "runner") -> str:
    """Return a log line of the runner itself in the format of the log."""
    if as_json:
        return json.dumps({"event": text, "level": level.lower(), "name": name})
    return f"{level} {name}: {text}"


class LineReader:
    """Splits what comes through a pipe into lines, without waiting for more than there is."""

    def __init__(self, descriptor: int) -> None:
        """Read from `descriptor`, which is made non-blocking."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._rest = b""
        self._skipping = False
        self._ended = False

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._descriptor

    def is_at_end(self) -> bool:
        """Whether all writers have closed the pipe and everything has been read."""
        return self._ended

    def read(self) -> Iterator[str]:
        """Yield the lines that are complete so far; at the end also an unfinished one."""
        try:
            data = os.read(self._descriptor, _READ)
        except BlockingIOError:
            return
        if not data:
            self._ended = True
            if self._rest and not self._skipping:
                yield self._rest.decode(errors="replace")
            self._rest = b""
            return
        *complete, self._rest = (self._rest + data).split(b"\n")
        for line in complete:
            if self._skipping:
                self._skipping = False
            else:
                yield line.decode(errors="replace")
        if len(self._rest) > _MAX_LINE:
            if not self._skipping:
                yield self._rest[:_MAX_LINE].decode(errors="replace") + " [line cut]"
            self._rest, self._skipping = b"", True


class StandardOutput:
    """Writes lines to standard output, and counts them for readers of the log.

    Attributes:
        lines: How many lines were written.
    """

    def __init__(self) -> None:
        self.lines = 0

    def write(self, text: str) -> None:
        """Write text immediately; continue even if nobody reads it any longer."""
        self.lines += text.count("\n") + 1
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


STDOUT = StandardOutput()


class Log:
    """Writes each line redacted to the launcher's log, and passes it to the tracker."""

    def __init__(self, tracker: Tracker, redact: Redactor, *, as_json: bool, level: str) -> None:
        """Show lines of `level` and above, and metrics only if `level` is `debug`."""
        self._tracker = tracker
        self._redact = redact
        self._as_json = as_json
        self._debug = level.lower() == "debug"
        self._hidden = {"error": {"DEBUG", "INFO", "WARNING"}, "warning": {"DEBUG", "INFO"}}.get(
            level.lower(), set()
        )
        self._noise = NoiseFilter()
        self._limit = LogLimit()
        self._started = self._last_progress = monotonic()
        self._counted = 0

    def handle_line(self, line: str) -> None:
        """Process one line of Meltano's output."""
        line = self._redact(line.rstrip("\r"))
        if not line:
            return
        event = events.parse_line(line)
        known = len(self._tracker.dbt)
        self._tracker.note(event)
        if event.get_metric() is not None:
            self.write_progress()
        if shown := self._filter_event(event):
            self._write_event(line if self._as_json else events.format_event(shown), shown.level)
        for result in self._tracker.dbt[known:]:
            for node in result.failed:
                self.write_line(f"{result.plugin} {result.command}: {node.describe()}", "ERROR")
            self.write_line(result.describe())

    def write_rest(self) -> None:
        """Write the last lines that were omitted because the log was too long."""
        for number, text in enumerate(self._limit.take_rest()):
            if number:
                STDOUT.write(text)
            else:
                self.write_line(text, "WARNING")

    def _write_event(self, text: str, level: str) -> None:
        if not self._as_json:
            # Again after decoding: a secret may have been escaped in another way.
            text = "\n".join(map(cut_line, self._redact(text).split("\n")))
        if self._limit.admit(text, level):
            STDOUT.write(text)
        elif report := self._limit.take_report():
            self.write_line(report, "WARNING")

    def write_progress(self) -> None:
        """Log the progress of the run, if there is any and 10 seconds have passed."""
        records, now = self._tracker.records, monotonic()
        total = sum(records.values())
        if total == self._counted or now - self._last_progress < _PROGRESS_SECONDS:
            return
        self._counted, self._last_progress = total, now
        streams = ", ".join(f"{stream} {count:,}" for stream, count in records.most_common(5))
        more = f" and {len(records) - 5} more" if len(records) > 5 else ""  # noqa: PLR2004
        counted = f"{total:,} record{'' if total == 1 else 's'} extracted"
        self.write_line(f"{counted} in {now - self._started:.0f} s ({streams}{more})")

    def write_line(self, text: str, level: str = "INFO") -> None:
        """Write a log line of the runner itself."""
        STDOUT.write(format_line(self._redact(text), level, as_json=self._as_json))

    def _filter_event(self, event: events.Event) -> events.Event | None:
        """Return the part of an event that the log shows; None for nothing."""
        if self._debug:
            return event
        # Only the tracker needs metrics and Meltano's lines at DEBUG.
        if self._tracker.rejection is not None and not event.from_plugin:
            return None  # it reports the end of the tap that the runner killed
        if event.level == "DEBUG" or event.level in self._hidden or event.get_metric():
            return None
        return self._noise.filter_event(event)
