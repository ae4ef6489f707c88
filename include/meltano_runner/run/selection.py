"""Checks that taps have streams to extract, with the catalogs that Meltano passes to them.

Meltano does not report a `select` or `select_filter` that matches no stream: the tap skips every
stream, and the run counts as a success.
https://docs.meltano.com/concepts/plugins#select_filter-extra
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from meltano_runner.run import tap_files
from meltano_runner.run.definitions import PlacedText, build_variable_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meltano_runner.run.command import RunRequest
    from meltano_runner.run.definitions import Plugin

_SHOWN = 10
_WILDCARDS = frozenset("*?[")
_SELECT, _FILTER = "_select", "_select_filter"
_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


class Selection:
    """The `select` and `select_filter` of a run's taps, and the names in them that match no stream.

    Args:
        filters: The `select_filter` of each tap, as far as it is known.
        selects: The `select` of each tap, as far as it is known.

    Attributes:
        filters: As above.
    """

    def __init__(
        self,
        filters: Mapping[str, Sequence[str]],
        selects: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.filters = filters
        self._selects = selects or {}
        self._streams: dict[str, list[str]] = {}
        self._unmatched: dict[str, str] = {}
        """By name, the error if no other tap has such a stream either."""

    def find_error(self, tap: str, catalog: Mapping[str, Any]) -> str | None:
        """Return why a tap has no streams to extract; None if it has some.

        Args:
            tap: The tap's name.
            catalog: The catalog that Meltano passes to the tap, with its selection applied.
        """
        streams = self._streams[tap] = tap_files.list_stream_ids(catalog)
        filters = self.filters.get(tap, ())
        names = [each for each in filters if _is_name(each)]
        for name in names:
            if not _has_match(name, streams):
                text = f"select_filter: {_explain_missing_stream(tap, name, streams)}"
                if not self._has_other_tap(tap, name):
                    return text
                self._unmatched.setdefault(name, text)
            elif self._has_other_tap(tap, name):
                self._unmatched[name] = ""
        if not streams or tap_files.list_columns(catalog):
            return None
        if names and all(self._has_other_tap(tap, name) for name in names):
            return None  # the streams are other taps'
        if filters:
            what = f"select_filter {json.dumps(list(filters))} leaves no stream of {tap}"
            return f"{what} to extract. Its streams: {_format_list(streams)}"
        selected = self._selects.get(tap, ())
        place = next((f" ({each.place})" for each in selected if isinstance(each, PlacedText)), "")
        what = f"the setting `select` of {tap} leaves no stream to extract{place}"
        for pattern in selected:
            if _is_name(_get_stream_part(pattern)) and not _has_match(pattern, streams):
                name = pattern.removesuffix(".*")
                return f"{what}: {_explain_missing_stream(tap, name, streams)}"
        value = f" ({json.dumps(list(selected))})" if selected else ""
        return f"{what}{value}. Its streams: {_format_list(streams)}"

    def find_final_error(self) -> str | None:
        """Return, once all taps have run, the error of a filter that is for several of them."""
        return next(filter(None, self._unmatched.values()), None)

    def _has_other_tap(self, tap: str, name: str) -> bool:
        return any(name in found for other, found in self.filters.items() if other != tap)


def read_selection(
    taps: Sequence[Plugin], request: RunRequest, environment: Mapping[str, str]
) -> Selection:
    """Return the selection of a run.

    Args:
        taps: The run's taps.
        request: The run.
        environment: Its environment variables.
    """
    chosen = [
        *request.get_values("--select"),
        *(f"!{each}" for each in request.get_values("--exclude")),
    ]
    return Selection(
        {tap.name: chosen or _read_patterns(tap, _FILTER, environment) for tap in taps},
        {tap.name: _read_patterns(tap, _SELECT, environment) for tap in taps},
    )


def _read_patterns(tap: Plugin, setting: str, environment: Mapping[str, str]) -> list[str]:
    """Return the patterns in a setting of a tap; none if they are unknown."""
    for prefix in tap.prefixes[:2]:  # without the parents' prefixes, which are for runs of parents
        text = environment.get(build_variable_name(prefix, setting))
        if text is not None:
            return _parse_patterns(text)
    for layer in tap.layers:
        if (value := layer.values.get(setting)) is not None:
            return _parse_patterns(value)
    return []


def _parse_patterns(value: object) -> list[str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    patterns = value if isinstance(value, list) else []
    # The values of variables are unknown here.
    return (
        []
        if any("$" in str(each) for each in patterns)
        else [each if isinstance(each, str) else str(each) for each in patterns]
    )


def _is_name(pattern: str) -> bool:
    return not pattern.startswith("!") and not _WILDCARDS & set(pattern)


def _has_match(pattern: str, streams: Iterable[str]) -> bool:
    return any(fnmatch(stream, _get_stream_part(pattern)) for stream in streams)


def _get_stream_part(pattern: str) -> str:
    """Return the part of a pattern that names streams, as Meltano reads it."""
    return _UNESCAPED_DOT.split(pattern, maxsplit=1)[0].replace(r"\.", ".")


def _explain_missing_stream(tap: str, pattern: str, streams: Sequence[str]) -> str:
    """Explain that a tap has no stream that a pattern names, as `orders` or `orders.id`."""
    name = pattern.replace(r"\.", ".")
    stream = _get_stream_part(pattern)
    for dotted in (name, name.rpartition(".")[0]):
        if dotted in streams:
            return (
                f"Meltano reads `{dotted}` as a column of the stream `{stream}`, which {tap} does "
                "not have. Write the dot of a stream's name as `\\.`"
            )
    near = _find_nearest(name, streams) or _find_nearest(stream, streams)
    question = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else "."
    return f"{tap} has no stream `{name}`{question} Its streams: {_format_list(streams)}"


def _find_nearest(name: str, streams: Iterable[str]) -> list[str]:
    """Return up to three streams with a similar name, with or without a schema."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a failed run needs it

    folded = {each.casefold(): each for each in streams}
    tails = {re.split(r"[-.]", each)[-1]: stream for each, stream in folded.items()}
    for known in (folded, tails):
        if near := get_close_matches(name.casefold(), known, n=3):
            return [known[each] for each in near]
    return []


def _format_list(streams: Sequence[str]) -> str:
    rest = len(streams) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return (", ".join(sorted(streams)[:_SHOWN]) + more) or "none"
