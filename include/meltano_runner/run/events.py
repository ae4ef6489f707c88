"""One line of Meltano's output as an event.

Meltano logs one JSON object a line (structlog) with our logging configuration, and plain console
lines before it has read that configuration. Both contain the original line of a plugin.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# `2026-11-23T05:46:52.5Z [info     ] meltano      Meltano 4.4.1` (no colours when not a terminal)
_CONSOLE = re.compile(r"^\S+Z? \[(?P<level>\w+)\s*\] (?P<name>\S+)\s+(?P<text>.*)$", re.DOTALL)
# Not a count of them: `PASS=13 WARN=0 ERROR=0`.
_PLUGIN_LEVEL = re.compile(r"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b(?!=)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = ("╭", "│", "╰")  # a traceback as rich draws it
# Singer's metrics: `METRIC: {...}` (Singer SDK) or `INFO METRIC: {...}` (singer-python).
# https://hub.meltano.com/singer/spec#metrics
_METRIC = re.compile(r"METRIC: (\{.*\})\s*$", re.DOTALL)


# Last line of a Python traceback: `RuntimeError: text`, `sqlalchemy.exc.OperationalError: text`.
EXCEPTION_LINE = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning)\b(?::|$)"
)
# Meltano's error about a failed discovery, followed by the tap's whole output.
_DISCOVERY = re.compile(
    r"(?P<what>.*discovery failed): command \[.*?\] returned (?P<code>-?\d+) with stderr:"
    r"(?P<output>.*?)(\n\.\n.*)?",
    re.DOTALL,
)


# A warning of Python's: `/path/to/file.py:12: DeprecationWarning: text`.
_WARNING = re.compile(r"^\S.*:\d+: (?:\w+\.)*(?P<kind>\w*Warning): ")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of output.

    Attributes:
        level: One of Python's level names.
        source: The plugin that wrote the line, else `meltano`.
        text: The message; may hold line breaks.
        fields: Everything else of a structured line.
        continues: Whether it is a bare line that may belong to the message before it.
    """

    level: str
    source: str
    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    continues: bool = False

    @property
    def from_plugin(self) -> bool:
        """Whether a plugin wrote it, rather than Meltano itself."""
        return self.source != "meltano"

    @property
    def logger(self) -> str:
        """Name of Meltano's logger, if the line contains it (`meltano.cli.run`)."""
        # structlog renders the logger by its repr: `<_FixedFindCallerLogger NAME (INFO)>`.
        parts = str(self.fields.get("_logger", "")).split()
        return parts[1] if len(parts) > 1 else ""

    def get_metric(self) -> dict[str, Any] | None:
        """Return the Singer metric in this line, if it is one."""
        found = self.fields.get("metric_info")
        if found is None and (match := _METRIC.search(self.text)):
            found = _parse_json_object(match[1])
        return found if isinstance(found, dict) and "metric" in found else None


def parse_line(line: str) -> Event:
    """Parse one line; a line of an unknown form becomes an unchanged line of Meltano."""
    if line.startswith("{") and (data := _parse_json_object(line)) and "event" in data:
        return _parse_structured(data)
    if match := _CONSOLE.match(line):
        level = match["level"].upper()
        return Event(level if level in _LEVELS else "INFO", "meltano", match["text"])
    if line.startswith("Error: "):
        return Event("ERROR", "meltano", line.removeprefix("Error: "))  # the format of click
    return Event("INFO", "meltano", line, continues=not line.startswith(_FRAME))


def format_event(event: Event) -> str:
    """Return the event as text for people, with a prefix in each line."""
    text = event.text
    for exception in list_exceptions(event):
        text += f"\n{exception}"
    prefix = f"{event.level} {event.source}: "
    return "\n".join(prefix + part for part in text.splitlines() if part.strip()) or prefix


def find_discovery_error(text: str) -> str | None:
    """Return Meltano's error about a failed discovery with the relevant line of the tap.

    Meltano repeats the whole output of the tap, which the log already has; None for other text.
    """
    found = _DISCOVERY.fullmatch(text)
    if found is None:
        return None
    lines = [line.strip() for line in found["output"].splitlines() if line.strip()]
    relevant = [line for line in lines if EXCEPTION_LINE.match(line)] or lines
    reason = relevant[-1] if relevant else f"exit code {found['code']}, and no output"
    return f"{found['what']}: {reason}"


def find_warning_kind(text: str) -> str | None:
    """Return the class of the Python warning that a line is, without its module; else None."""
    found = _WARNING.match(text)
    return found["kind"] if found else None


def find_exception(event: Event) -> str | None:
    """Return `Type: message` of the exception that a structured line carries, outermost first."""
    found = list_exceptions(event)
    return found[0] if found else None


def _parse_structured(data: dict[str, Any]) -> Event:
    text = data.pop("event")
    text = _COLOUR.sub("", text) if isinstance(text, str) else json.dumps(text)
    level = str(data.pop("level", "info")).upper()
    source = str(data.get("string_id") or data.get("name") or "meltano")
    event = Event(
        level if level in _LEVELS else "INFO",
        source,
        text,
        data,
    )
    if not event.from_plugin or level != "INFO":
        return event
    # Meltano logs every unparsed plugin line as INFO; the level in the line is better.
    if level_in_text := _PLUGIN_LEVEL.search(event.text[:60]):
        return Event(level_in_text[1], event.source, event.text, event.fields)
    if find_warning_kind(event.text):
        return Event("WARNING", event.source, event.text, event.fields)
    return event


def list_exceptions(event: Event) -> list[str]:
    """Return `Type: message` of each exception that a structured line carries, outermost first."""
    # `exception`: structlog's list, cause after effect. `plugin_exception`: the Singer SDK's.
    found = event.fields.get("exception")
    entries = found if isinstance(found, list) else []
    texts = [f"{entry.get('exc_type')}: {entry.get('exc_value')}" for entry in entries]
    if isinstance(plugin := event.fields.get("plugin_exception"), dict):
        texts.append(f"{plugin.get('type')}: {plugin.get('message')}")
    return texts


def _parse_json_object(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
