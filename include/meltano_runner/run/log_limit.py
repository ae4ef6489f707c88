"""Limits the size of the log of a run: a plugin may write gigabytes.

A line is cut at 16 KiB. After 8 MiB, lines of plugins below WARNING are omitted and counted, and
after 9 MiB all lines but the runner's own: a node rotates a log at 10 MiB by default, so a log that
is read at the end, as for a deferred task, is complete. The last omitted lines are written at the
end of the run, because they explain most failures.
https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation
"""

from __future__ import annotations

from collections import deque
from time import monotonic

MAX_LINE = 16 << 10
"""Characters of one line."""
MAX_LOG = 8 << 20
"""Characters of a log after which lines below WARNING are omitted."""
_MAX_SEVERE = 9 << 20
_SEVERE = frozenset({"WARNING", "ERROR", "CRITICAL"})
_KEPT_LINES = 20
_REPORT_SECONDS = 60.0


def cut_line(text: str) -> str:
    """Return a line, cut if it is too long."""
    more = len(text) - MAX_LINE
    return text if more <= 0 else f"{text[:MAX_LINE]} [{more:,} more characters]"


class LogLimit:
    """Decides which lines of a log are written."""

    def __init__(self) -> None:
        """Start with an empty log."""
        self.omitted = 0
        """How many lines were omitted."""
        self._size = 0
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._next_report = 0.0

    def admit(self, text: str, level: str) -> bool:
        """Whether to write a line of Meltano or a plugin; counts it either way.

        Args:
            text: The line.
            level: One of Python's level names.
        """
        limit = _MAX_SEVERE if level in _SEVERE else MAX_LOG
        if self._size + len(text) < limit:
            self._size += len(text) + 1
            return True
        self.omitted += 1
        self._last.append(text)
        return False

    def take_report(self) -> str | None:
        """Return what to log about omitted lines; None if that was logged a moment ago."""
        now = monotonic()
        if not self.omitted or now < self._next_report:
            return None
        self._next_report = now + _REPORT_SECONDS
        return f"{self._describe()}; the last ones follow at the end of the run"

    def take_rest(self) -> list[str]:
        """Return the last lines that were omitted, the oldest first, after a line about them."""
        if not self.omitted:
            return []
        return [f"{self._describe()}; the last {len(self._last)} were:", *self._last]

    def _describe(self) -> str:
        return (
            f"{self.omitted:,} lines are omitted: the log of a run is limited to "
            f"{MAX_LOG >> 20} MiB, and above it to warnings and errors"
        )
