"""How far a container's log has been relayed, so that reading can resume anywhere.

A log is read through a connection that may break at any time, and that ends before Kubernetes
reports that the container has ended. It can be requested from a time on, in whole seconds; lines
that come again are recognized by the time, in nanoseconds, that the node puts before each.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime, timedelta

_OVERLAP = timedelta(seconds=1)
"""Two streams of a container are written by two threads: times may be out of order."""


class LogPosition:
    """The lines of the last seconds that were relayed, and the time from which to read on."""

    def __init__(self) -> None:
        """Start at the beginning of the log."""
        self.taken = 0
        """How many lines were new."""
        self.gaps = 0
        """How often lines were lost: the node had rotated the log before it was read again."""
        self._since: datetime | None = None
        self._recent: deque[tuple[datetime, int]] = deque()
        self._repeated: Counter[int] = Counter()
        self._resumed = False

    def resume(self) -> str | None:
        """Return the time from which to read now; None for all of the log.

        Lines that come again are skipped.
        """
        self._repeated = Counter(digest for _, digest in self._recent)
        self._resumed = bool(self._recent)
        if self._since is None:
            return None
        return self._since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def take(self, raw: bytes) -> str | None:
        """Return the text of a line that was not relayed before; None for one that was.

        Args:
            raw: The line with its time before it.
        """
        stamp, _, text = raw.rstrip(b"\r\n").partition(b" ")
        try:
            time = datetime.fromisoformat(stamp.decode("ascii"))
        except ValueError:  # the rest of a line that the node has kept in parts
            self.taken += 1
            return raw.decode(errors="replace").rstrip("\r\n")
        digest = hash(raw)
        # What is read again begins with a line that was relayed, if the node still has it.
        self.gaps += self._resumed and not self._repeated[digest]
        self._resumed = False
        if self._repeated[digest]:
            self._repeated[digest] -= 1
            return None
        self.taken += 1
        self._remember(time, digest)
        return text.decode(errors="replace")

    def _remember(self, time: datetime, digest: int) -> None:
        since = time.replace(microsecond=0) - _OVERLAP
        if self._since is None or since > self._since:
            self._since = since
        self._recent.append((time, digest))
        while self._recent[0][0] < self._since:
            self._recent.popleft()
