"""Lines that are omitted from a log at `info`.

`debug` shows them. Omitted lines repeat the rest of the log or the result, mislead (files that are
removed with the run, an invitation to a chat), or are for a plugin's developers. A warning that a
user of the plugin can act on is never omitted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_runner.run import workspace
from meltano_runner.run.events import find_discovery_error, find_warning_kind, list_exceptions

if TYPE_CHECKING:
    from meltano_runner.run.events import Event

_MELTANO = re.compile(
    r"Using logging configuration from"
    r"|Using \S+ state backend$|Reading state from "
    r"|Running extract & load\.\.\.$|Extract & load complete!$|Transformation skipped\.$"
    r"|(Block run|Run) completed$"
    r"|For more detailed log messages re-run the command"
    r"|Note that you can also check the generated log file"
    r"|For more information on debugging and logging:"
    r"|Need help fixing this problem\?"
)
_STATE_SAVED = "Incremental state has been updated at "
_BLOCK_ENDED = "Block run completed"
# The Singer SDK, each time it reads its settings, and of each stream that is not selected.
_PLUGIN = re.compile(r"Skipping parse of env var settings\.\.\.$|Skipping deselected stream '")
# Python's warnings for the developer of a plugin, or of Meltano.
_FOR_DEVELOPERS = re.compile(r"Deprecat\w*Warning$|SyntaxWarning$|MovedIn20Warning$|^RemovedIn")
_SOURCE_LINE = "  "


class NoiseFilter:
    """Removes noise from a log, line by line; a warning of Python may have two lines."""

    def __init__(self) -> None:
        """Start empty."""
        self._hidden: set[str] = set()
        """Sources whose next line, if it is indented, belongs to an omitted warning."""
        self._state_saved = False
        """Whether the state was saved: with some taps, Meltano logs it for each record."""

    def filter_event(self, event: Event) -> Event | None:
        """Return an event without its noise; None if nothing is left."""
        if self._is_for_developers(event):
            return None
        if event.from_plugin:
            return None if _PLUGIN.match(event.text) else event
        if event.text.startswith(_STATE_SAVED):
            again, self._state_saved = self._state_saved, True
            return None if again else event
        if event.text == _BLOCK_ENDED:
            self._state_saved = False
        discovery = find_discovery_error(event.text)
        text = discovery or event.text
        lines = [line for line in text.splitlines() if not _MELTANO.match(line) and line != "."]
        if not lines:
            return None
        # Meltano logs every exception that led to an error: show each message once.
        more = (
            []
            if discovery
            else [each for each in list_exceptions(event) if _adds_information(each, text)]
        )
        fields = {key: value for key, value in event.fields.items() if key != "exception"}
        return replace(event, text="\n".join([*lines, *more]), fields=fields)

    def _is_for_developers(self, event: Event) -> bool:
        after_hidden = event.source in self._hidden
        self._hidden.discard(event.source)
        if after_hidden and event.text.startswith(_SOURCE_LINE):
            return True
        if (kind := find_warning_kind(event.text)) and _FOR_DEVELOPERS.search(kind):
            self._hidden.add(event.source)
            return True
        return False


def _adds_information(exception: str, text: str) -> bool:
    """Whether an exception, as `Type: message`, adds something to a text."""
    _, _, message = exception.partition(": ")
    first = message.strip().splitlines()[0] if message.strip() else exception
    return first.rstrip(".") not in text and workspace.PREFIX not in exception
