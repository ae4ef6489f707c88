"""Meltano's output as lines, and the lines as the launcher's log shows them."""

from __future__ import annotations

import json
import os
import sys
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.run import events
from meltano_runner.run.noise import Noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.run.redact import Redactor
    from meltano_runner.run.tracker import Tracker

_READ = 1 << 16
_MAX_LINE = 1 << 20
"""Bytes; a longer line is cut, so that a plugin cannot fill the runner's memory with one."""
_PROGRESS_SECONDS = 10.0


def own_line(text: str, level: str, *, as_json: bool, name: str = "runner") -> str:
    """Return a line of the runner's own as the log has it."""
    if as_json:
        return json.dumps({"event": text, "level": level.lower(), "name": name})
    return f"{level} {name}: {text}"


class Lines:
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

    def at_end(self) -> bool:
        """Whether the writers are gone and all has been read."""
        return self._ended

    def read(self) -> Iterator[str]:
        """Yield the lines that are complete by now; at the end also an unfinished one."""
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
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
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
        """Write text immediately; continue even if nobody reads it any more."""
        self.lines += text.count("\n") + 1
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


STDOUT = StandardOutput()


class Log:
    """Writes each line to the launcher's log as it comes, redacted, and hands it to the tracker."""

    def __init__(self, tracker: Tracker, redact: Redactor, *, as_json: bool, level: str) -> None:
        """Show lines of `level` and above; metrics only count unless `level` is `debug`."""
        self._tracker = tracker
        self._redact = redact
        self._as_json = as_json
        self._debug = level.lower() == "debug"
        self._hidden = {"error": {"DEBUG", "INFO", "WARNING"}, "warning": {"DEBUG", "INFO"}}.get(
            level.lower(), set()
        )
        self._noise = Noise()
        self._started = self._last_progress = monotonic()
        self._counted = 0

    def line(self, line: str) -> None:
        """Take one line of Meltano's output."""
        line = self._redact(line.rstrip("\r"))
        if not line:
            return
        event = events.parse(line)
        known = len(self._tracker.dbt)
        self._tracker.note(event)
        if event.metric() is not None:
            self.progress()
        if shown := self._shown(event):
            # Again after decoding: a secret may have been escaped in another way.
            STDOUT.write(line if self._as_json else self._redact(events.render(shown)))
        for result in self._tracker.dbt[known:]:
            for node in result.failed:
                self.say(f"{result.plugin} {result.command}: {node.describe()}", "ERROR")
            self.say(result.describe())

    def progress(self) -> None:
        """Say how far the run is, where that is news and 10 seconds have passed."""
        records, now = self._tracker.records, monotonic()
        total = sum(records.values())
        if total == self._counted or now - self._last_progress < _PROGRESS_SECONDS:
            return
        self._counted, self._last_progress = total, now
        streams = ", ".join(f"{stream} {count:,}" for stream, count in records.most_common(5))
        more = f" and {len(records) - 5} more" if len(records) > 5 else ""  # noqa: PLR2004
        counted = f"{total:,} record{'' if total == 1 else 's'} extracted"
        self.say(f"{counted} in {now - self._started:.0f} s ({streams}{more})")

    def say(self, text: str, level: str = "INFO") -> None:
        """Write a line of the runner's own."""
        STDOUT.write(own_line(self._redact(text), level, as_json=self._as_json))

    def _shown(self, event: events.Event) -> events.Event | None:
        """Return what a person is shown of an event; None for nothing."""
        if self._debug:
            return event
        # Meltano's lines at DEBUG and metrics are there for the tracker alone.
        if self._tracker.refused is not None and not event.from_plugin:
            return None  # it reports the end of the tap that the runner has killed
        if event.level == "DEBUG" or event.level in self._hidden or event.metric():
            return None
        return self._noise.without(event)
