"""Checks the result of a run against the setting `checks`.

A check that cannot be evaluated has not passed, so that it never looks as if it had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from meltano_pods.names import pluralize
from meltano_pods.results.age import find_newest, format_age, get_age
from meltano_pods.results.missing import check_missing
from meltano_pods.results.verdict import MAX_SHOWN, Verdict
from meltano_pods.settings.types.checks import MISSING_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meltano_runner.contract.result import RunResult, StreamResult
    from meltano_runner.contract.run_record import CheckReport

    from meltano_pods.results.columns import Changes
    from meltano_pods.results.options import Reporting

    Compared = tuple[Mapping[str, Changes], list[str]]
    """How columns changed, by stream, and sentences about what is unknown."""

_COLUMNS = "schema_change"
_PATTERN = frozenset("*?[")


def evaluate_checks(
    reporting: Reporting, result: RunResult, compare: Callable[[], Compared]
) -> CheckReport | None:
    """Check the result of a run that succeeded.

    Args:
        reporting: What the task's settings say.
        result: What the run did.
        compare: Compares its columns with those of the last run; called only if a check needs it.

    Returns:
        The outcome; None if no check applied.
    """
    verdict = Verdict()
    expected = {**reporting.checks}
    check_missing(verdict, expected.pop(MISSING_RECORDS, None), result)
    if expected and result.pipelines:  # a utility extracts nothing
        _check_streams(verdict, expected, result, compare)
    return verdict.build_report()


def _check_streams(
    verdict: Verdict,
    expected: Mapping[str, Any],
    result: RunResult,
    compare: Callable[[], Compared],
) -> None:
    streams = _group_streams(result)
    cut = bool(result.pipelines_omitted or any(each.streams_omitted for each in result.pipelines))
    changes, unknown = compare() if _needs_columns(expected) else ({}, [])
    for text in unknown:
        verdict.add("warn", _COLUMNS, None, None, text)
    every = tuple(each for parts in streams.values() for each in parts)
    run = _Subject(None, every, changes)
    subjects = [(run, {key: each for key, each in expected.items() if key != "streams"})]
    for name, checks in _resolve_checks(expected.get("streams") or {}, streams).items():
        if name in streams:
            stream_changes = {name: changes[name]} if name in changes else {}
            subjects.append((_Subject(name, streams[name], stream_changes), checks))
        elif checks:
            _add_missing(verdict, name, checks, streams, cut=cut)
    for pattern in _find_unmatched(expected.get("streams") or {}, streams):
        text = f"{pattern}: no stream of the run fits this pattern (checks: streams)"
        verdict.add("warn", "streams", pattern, None, text)
    for subject, checks in subjects:
        for check, bounds in checks.items():
            if check != _COLUMNS or subject.changes or not unknown:
                _evaluate_check(verdict, subject, check, bounds)


_Streams = dict[str, tuple["StreamResult", ...]]


def _group_streams(result: RunResult) -> _Streams:
    """Return the streams of the run by name, one for each pipeline that has it."""
    every = [stream for each in result.pipelines for stream in each.streams]
    # A state keeps the bookmarks of streams that are no longer selected.
    ran = [each for each in every if each.counted is not None or each.columns is not None]
    found: _Streams = {}
    for stream in ran or every:
        found[stream.stream] = (*found.get(stream.stream, ()), stream)
    return found


@dataclass(frozen=True, slots=True)
class _Subject:
    """The subject of a check: the run, or one stream of it."""

    name: str | None
    streams: tuple[StreamResult, ...]
    changes: Mapping[str, Changes]
    """For the streams whose columns are known for this and the last run."""

    @property
    def counted(self) -> int | None:
        """Records extracted, or loaded if the tap counts none; None if nothing was counted."""
        counts = [each.counted for each in self.streams if each.counted is not None]
        return sum(counts) if counts else None


def _evaluate_check(
    verdict: Verdict, subject: _Subject, check: str, bounds: Mapping[str, Any]
) -> None:
    """Add the outcome of one check: a failure hides a warning of the same check."""
    for severity in ("fail", "warn"):
        if severity not in bounds:
            continue
        unmet = _UNMET[check](subject, bounds[severity])
        if unmet is not None:
            found, text = unmet
            message = f"{subject.name or 'the run'}: {text} ({check})"
            verdict.add(severity, check, subject.name, found, message)
            return
    verdict.passed += 1


def _check_min_records(subject: _Subject, least: int) -> tuple[Any, str] | None:
    count = subject.counted
    if count is None:
        return None, f"at least {pluralize(least, 'record')} expected, but the plugins count none"
    if count >= least:
        return None
    return count, f"{pluralize(count, 'record')} extracted, at least {least:,} expected"


def _check_max_age(subject: _Subject, most: float) -> tuple[Any, str] | None:
    bookmark = find_newest(each.bookmark for each in subject.streams)
    if bookmark is None:
        known = next((each.bookmark for each in subject.streams if each.bookmark), None)
        why = "there is no bookmark" if known is None else f"the bookmark {known} is not a time"
        return known, f"at most {format_age(most)} old expected, but {why}"
    age = get_age(bookmark, datetime.now(UTC))
    if age <= most:
        return None
    found = f"the newest bookmark {bookmark} is {format_age(age)} old"
    return bookmark, f"{found}, at most {format_age(most)} expected"


def _check_schema_change(subject: _Subject, kinds: list[str]) -> tuple[Any, str] | None:
    changes = {name: each.select(kinds) for name, each in subject.changes.items()}
    found = {name: each for name, each in changes.items() if each}
    if not found:
        return None
    texts = [
        f"{'' if subject.name else f'{name}: '}{each.describe()}" for name, each in found.items()
    ]
    return {name: each.as_dict() for name, each in found.items()}, "; ".join(texts)


_UNMET: dict[str, Callable[[_Subject, Any], tuple[Any, str] | None]] = {
    "min_records": _check_min_records,
    "max_age": _check_max_age,
    _COLUMNS: _check_schema_change,
}


def _resolve_checks(
    by_stream: Mapping[str, Mapping[str, Any]], streams: _Streams
) -> dict[str, dict[str, Any]]:
    """Return the checks of each stream: those of matching patterns in order, then its own."""
    patterns = {name: each for name, each in by_stream.items() if _PATTERN & set(name)}
    found: dict[str, dict[str, Any]] = {}
    for name, parts in streams.items():
        # A stream with full-table replication has no bookmark.
        skipped = () if any(each.bookmark for each in parts) else ("max_age",)
        for pattern, checks in patterns.items():
            if fnmatchcase(name, pattern):
                wanted = {key: each for key, each in checks.items() if key not in skipped}
                found.setdefault(name, {}).update(wanted)
    for name, checks in by_stream.items():
        if name not in patterns:
            found.setdefault(name, {}).update(checks)
    return found


def _find_unmatched(by_stream: Mapping[str, Any], streams: _Streams) -> list[str]:
    patterns = [name for name in by_stream if _PATTERN & set(name)]
    return [each for each in patterns if not any(fnmatchcase(name, each) for name in streams)]


def _add_missing(
    verdict: Verdict,
    name: str,
    checks: Mapping[str, Mapping[str, Any]],
    streams: _Streams,
    *,
    cut: bool,
) -> None:
    worst = "fail" if any("fail" in bounds for bounds in checks.values()) else "warn"
    if cut:
        # If the log is lost, only the result within Kubernetes' size limit is left.
        worst, text = "warn", "not checked: the result was cut to its largest streams"
    else:
        text = (
            f"the run has no such stream; it has: {', '.join(list(streams)[:MAX_SHOWN]) or 'none'}"
        )
    message = f"{name}: {text} ({', '.join(checks)})"
    verdict.add(worst, next(iter(checks)), name, None, message)


def _needs_columns(expected: Mapping[str, Any]) -> bool:
    streams = (expected.get("streams") or {}).values()
    return any(_COLUMNS in checks for checks in (expected, *streams))
