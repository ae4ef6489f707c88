"""The last error of each plugin and of Meltano, in their own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.run.events import exception_text

if TYPE_CHECKING:
    from meltano_runner.run.events import Event

# Last line of a Python traceback: `RuntimeError: text`, `sqlalchemy.exc.OperationalError: text`.
_EXCEPTION_LINE = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning)\b(?::|$)"
)
_MORE_LINES = 3
_SEVERE = {"ERROR", "CRITICAL"}
# Said after the error, by Meltano and by Python, never the error itself.
_NOISE = re.compile(
    r"^(Need help fixing this problem\?|Run completed|Block run completed|sys\.exit|Traceback \()"
)


class ErrorLog:
    """Keeps, for each source, the most telling line so far."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._exceptions: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._continuable = 0

    def note(self, event: Event) -> None:
        """Take in one event."""
        text = event.text.strip()
        exception = exception_text(event)
        if event.continues and self._continuable:
            # A console message with several lines: YAML errors say in the second where they are.
            self._errors["meltano"] += f" {text}"
            self._continuable -= 1
            return
        self._continuable = 0
        if not (text or exception) or event.metric() or _NOISE.match(text):
            return
        source = event.source
        if text:
            self._lines[source] = text
        if exception:
            self._exceptions[source] = exception if event.from_plugin or not text else text
        elif _EXCEPTION_LINE.match(text):
            self._exceptions[source] = text
        elif event.level in _SEVERE:
            self._errors[source] = text
            self._continuable = 0 if event.from_plugin else _MORE_LINES

    def last(self, source: str) -> str | None:
        """Return the source's last error: an exception, else an error line, else the last line."""
        for kept in (self._exceptions, self._errors, self._lines):
            if source in kept:
                return kept[source]
        return None

    def last_meltano_error(self) -> str | None:
        """Return what Meltano itself complained of; None when it did not."""
        return self._errors.get("meltano") or self._exceptions.get("meltano")
