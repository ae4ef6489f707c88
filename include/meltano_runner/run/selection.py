"""Whether taps are left with streams to move, by the catalogs that Meltano hands them.

Meltano does not report a filter that no stream matches: the tap skips every stream, and the run
counts as a success.
https://docs.meltano.com/concepts/plugins#select_filter-extra
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from meltano_runner.run import tap_files
from meltano_runner.run.definitions import to_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meltano_runner.run.command import RunRequest
    from meltano_runner.run.definitions import Plugin

_SHOWN = 10
_WILDCARDS = frozenset("*?[")
_FILTER = "_select_filter"
_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


class Selection:
    """The filters of a run's taps, and which of the names in them were found.

    Args:
        filters: The patterns of each tap, as far as they are known.
    """

    def __init__(self, filters: Mapping[str, Sequence[str]]) -> None:
        self._filters = filters
        self._streams: dict[str, list[str]] = {}
        self._unmatched: dict[str, str] = {}
        """By name, what to say if no other tap has such a stream either."""

    def find_error(self, tap: str, catalog: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the streams that a tap is left with; None if nothing is.

        Args:
            tap: The tap's name.
            catalog: As Meltano hands it to the tap, its selection applied.
        """
        streams = self._streams[tap] = tap_files.stream_ids(catalog)
        filters = self._filters.get(tap, ())
        names = [each for each in filters if _is_name(each)]
        for name in names:
            if not any(fnmatch(stream, _stream_pattern(name)) for stream in streams):
                text = _no_such_stream(tap, name, streams)
                if not self._has_other_tap(tap, name):
                    return text
                self._unmatched.setdefault(name, text)
            elif self._has_other_tap(tap, name):
                self._unmatched[name] = ""
        if not streams or tap_files.columns_of(catalog):
            return None
        if names and all(self._has_other_tap(tap, name) for name in names):
            return None  # the streams are other taps'
        if filters:
            what = f"select_filter {json.dumps(list(filters))} leaves no stream of {tap}"
        else:
            what = f"the `select` of {tap} leaves no stream"
        return f"{what} to move. Its streams: {_listed(streams)}"

    def final_error(self) -> str | None:
        """Return, once all taps have run, what is wrong with a filter that is for several."""
        return next(filter(None, self._unmatched.values()), None)

    def _has_other_tap(self, tap: str, name: str) -> bool:
        return any(name in found for other, found in self._filters.items() if other != tap)


def filters_of(
    taps: Iterable[Plugin], request: RunRequest, environment: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the patterns of each tap's `select_filter`; none if they are unknown.

    Args:
        taps: The run's.
        request: The run.
        environment: Its environment variables.
    """
    chosen = [*request.values("--select"), *(f"!{each}" for each in request.values("--exclude"))]
    return {tap.name: chosen or _filter_of(tap, environment) for tap in taps}


def _filter_of(tap: Plugin, environment: Mapping[str, str]) -> list[str]:
    for prefix in tap.prefixes[:2]:  # those of parents are for runs of theirs
        text = environment.get(to_variable(prefix, _FILTER))
        if text is not None:
            return _as_patterns(text)
    for layer in tap.layers:
        if (value := layer.values.get(_FILTER)) is not None:
            return _as_patterns(value)
    return []


def _as_patterns(value: object) -> list[str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    patterns = value if isinstance(value, list) else []
    # What a variable stands for is not known here.
    return [] if any("$" in str(each) for each in patterns) else [str(each) for each in patterns]


def _is_name(pattern: str) -> bool:
    return not pattern.startswith("!") and not _WILDCARDS & set(pattern)


def _stream_pattern(pattern: str) -> str:
    """Return the part of a pattern that is about streams, as Meltano reads it."""
    return _UNESCAPED_DOT.split(pattern, maxsplit=1)[0].replace(r"\.", ".")


def _no_such_stream(tap: str, name: str, streams: Sequence[str]) -> str:
    plain = name.replace(r"\.", ".")
    if plain in streams:
        return (
            f"select_filter: Meltano reads `{plain}` as a column of the stream "
            f"`{_stream_pattern(name)}`, which {tap} does not have. "
            "Write the dot of a stream's name as `\\.`"
        )
    near = _nearest(plain, streams)
    question = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else "."
    return f"select_filter: {tap} has no stream `{plain}`{question} Its streams: {_listed(streams)}"


def _nearest(name: str, streams: Iterable[str]) -> list[str]:
    """Return up to three streams that are called much like this, with or without a schema."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a failed run needs it

    folded = {each.casefold(): each for each in streams}
    tails = {re.split(r"[-.]", each)[-1]: stream for each, stream in folded.items()}
    for known in (folded, tails):
        if near := get_close_matches(name.casefold(), known, n=3):
            return [known[each] for each in near]
    return []


def _listed(streams: Sequence[str]) -> str:
    rest = len(streams) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return (", ".join(sorted(streams)[:_SHOWN]) + more) or "none"
