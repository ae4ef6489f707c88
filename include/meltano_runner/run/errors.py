"""The last error of each plugin and of Meltano, verbatim."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.run.events import EXCEPTION_LINE, find_discovery_error, find_exception

if TYPE_CHECKING:
    from meltano_runner.run.events import Event

# dbt's announcement of an error, which follows in the next lines.
_ANNOUNCED = re.compile(r"Encountered an error:$")
_MORE_LINES = 3
_SEVERE = {"ERROR", "CRITICAL"}
# Lines of Meltano and Python after an error, never the error itself.
_NOISE = re.compile(
    r"^(Need help fixing this problem\?|Run completed|Block run completed|sys\.exit|Traceback \()"
)


class ErrorLog:
    """Keeps the most specific error of each plugin, and Meltano's last error."""

    def __init__(self) -> None:
        """Start empty."""
        self._exceptions: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._meltano: str | None = None
        self._continuable = 0
        self._announced: dict[str, int] = {}

    def note(self, event: Event) -> None:
        """Process one event."""
        text = event.text.strip()
        exception = find_exception(event)
        if event.continues and self._continuable:
            # A console message with several lines: YAML errors say in the second where they are.
            self._meltano = f"{self._meltano} {text}"
            self._continuable -= 1
            return
        self._continuable = 0
        if not (text or exception) or event.get_metric() or _NOISE.match(text):
            return
        if not event.from_plugin:
            if text and event.level in _SEVERE:
                # The first line has Meltano's error, the others are advice.
                self._meltano = find_discovery_error(text) or text.splitlines()[0]
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

    def find_last_error(self, plugin: str) -> str | None:
        """Return a plugin's last error: an exception, else an error line, else the last line."""
        for kept in (self._exceptions, self._errors, self._lines):
            if plugin in kept:
                return kept[plugin]
        return None

    def has_exception(self, plugin: str | None) -> bool:
        """Whether a plugin has logged an exception."""
        return plugin in self._exceptions

    def get_meltano_error(self) -> str | None:
        """Return the last error of Meltano itself; None if there was none."""
        return self._meltano
