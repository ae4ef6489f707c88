"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """Stands for the module `time`."""

    now = 0.0
    start = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).timestamp()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.start + self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.01)
