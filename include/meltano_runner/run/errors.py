"""The last error of each plugin and of Meltano, verbatim."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.run.events import EXCEPTION_LINE, discovery_error, exception_text

if TYPE_CHECKING:
    from meltano_runner.run.events import Event

# What dbt says before an error of its own, which are the lines after it.
_ANNOUNCED = re.compile(r"Encountered an error:$")
_MORE_LINES = 3
_SEVERE = {"ERROR", "CRITICAL"}
# Said after the error, by Meltano and by Python, never the error itself.
_NOISE = re.compile(
    r"^(Need help fixing this problem\?|Run completed|Block run completed|sys\.exit|Traceback \()"
)


class ErrorLog:
    """Keeps the most telling line of each plugin, and Meltano's last complaint."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._exceptions: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._meltano: str | None = None
        self._continuable = 0
        self._announced: dict[str, int] = {}

    def note(self, event: Event) -> None:
        """Take in one event."""
        text = event.text.strip()
        exception = exception_text(event)
        if event.continues and self._continuable:
            # A console message with several lines: YAML errors say in the second where they are.
            self._meltano = f"{self._meltano} {text}"
            self._continuable -= 1
            return
        self._continuable = 0
        if not (text or exception) or event.metric() or _NOISE.match(text):
            return
        if not event.from_plugin:
            if text and event.level in _SEVERE:
                # Meltano wraps: the first line says it, the others are advice.
                self._meltano = discovery_error(text) or text.splitlines()[0]
                self._continuable = _MORE_LINES
            elif exception and event.level in _SEVERE:
                self._meltano = exception
            return
        source = event.source
        self._lines[source] = text
        if _ANNOUNCED.search(text):
            self._announced[source] = _MORE_LINES
            self._exceptions.pop(source, None)
        elif self._announced.get(source):
            self._announced[source] -= 1
            before = self._exceptions.get(source)
            self._exceptions[source] = f"{before}: {text}" if before else text
        elif exception or EXCEPTION_LINE.match(text):
            self._exceptions[source] = exception or text
        elif event.level in _SEVERE:
            self._errors[source] = text

    def last(self, plugin: str) -> str | None:
        """Return a plugin's last error: an exception, else an error line, else the last line."""
        for kept in (self._exceptions, self._errors, self._lines):
            if plugin in kept:
                return kept[plugin]
        return None

    def has_exception(self, plugin: str | None) -> bool:
        """Whether a plugin has logged an exception."""
        return plugin in self._exceptions

    def meltano(self) -> str | None:
        """Return what Meltano itself complained of last; None when it did not."""
        return self._meltano
