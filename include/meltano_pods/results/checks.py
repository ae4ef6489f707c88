"""Checks the result of a run, as the setting `checks` says.

A check whose result is unknown fails: one that can never run must not look as if it passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from meltano_pods.names import counted
from meltano_pods.results.age import age_of, newest_of, span
from meltano_pods.results.missing import check_missing
from meltano_pods.results.verdict import MAX_SHOWN, Finding, Verdict
from meltano_pods.settings.types.checks import MISSING_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meltano_runner.contract import RunResult, StreamResult

    from meltano_pods.results.columns import Changes
    from meltano_pods.results.options import Reporting

    Compared = tuple[Mapping[str, Changes], list[str]]
    """How columns changed, by stream, and messages for those that could not be compared."""

_COLUMNS = "schema_change"
_PATTERN = frozenset("*?[")


def evaluate(reporting: Reporting, result: RunResult, compare: Callable[[], Compared]) -> Verdict:
    """Check the result of a run that did its work.

    Args:
        reporting: What is expected.
        result: What the run did.
        compare: Holds its columns against those of the last run; called only if a check asks.
    """
    verdict = Verdict()
    expected = {**reporting.checks}
    check_missing(verdict, expected.pop(MISSING_RECORDS, None), result)
    if not expected or not result.pipelines:  # a utility moves nothing
        return verdict
    streams = _streams(result)
    cut = bool(result.pipelines_omitted or any(each.streams_omitted for each in result.pipelines))
    changes, untold = compare() if _asks_for_columns(expected) else ({}, [])
    verdict.warned += [Finding(_COLUMNS, None, "warn", None, text) for text in untold]
    every = tuple(each for parts in streams.values() for each in parts)
    run = _Subject(None, every, changes)
    subjects = [(run, {key: each for key, each in expected.items() if key != "streams"})]
    for name, checks in _by_stream(expected.get("streams") or {}, streams).items():
        if name in streams:
            own = {name: changes[name]} if name in changes else {}
            subjects.append((_Subject(name, streams[name], own), checks))
        elif checks:
            _missing(verdict, name, checks, streams, cut=cut)
    for pattern in _unfit(expected.get("streams") or {}, streams):
        text = f"{pattern}: no stream of the run fits this pattern (checks: streams)"
        verdict.warned.append(Finding("streams", pattern, "warn", None, text))
    for subject, checks in subjects:
        for check, bounds in checks.items():
            if check != _COLUMNS or subject.changes or not untold:
                _note(verdict, subject, check, bounds)
    return verdict


_Streams = dict[str, tuple["StreamResult", ...]]


def _streams(result: RunResult) -> _Streams:
    """Return the streams the run went through, each as often as a pipeline of it has one."""
    every = [stream for each in result.pipelines for stream in each.streams]
    # A state keeps the bookmarks of streams that are selected no more.
    ran = [each for each in every if each.counted is not None or each.columns is not None]
    found: _Streams = {}
    for stream in ran or every:
        found[stream.stream] = (*found.get(stream.stream, ()), stream)
    return found


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a check is about: the run, or one stream of it."""

    name: str | None
    streams: tuple[StreamResult, ...]
    changes: Mapping[str, Changes]
    """Of those streams whose columns are known, now and from before."""

    @property
    def counted(self) -> int | None:
        """Records extracted, of taps that count none loaded; None where nothing was counted."""
        counts = [each.counted for each in self.streams if each.counted is not None]
        return sum(counts) if counts else None


def _note(verdict: Verdict, subject: _Subject, check: str, bounds: Mapping[str, Any]) -> None:
    """Add what comes of one check; of a failure and a warning the failure alone."""
    for severity in ("fail", "warn"):
        if severity not in bounds:
            continue
        unmet = _UNMET[check](subject, bounds[severity])
        if unmet is not None:
            found, text = unmet
            message = f"{subject.name or 'the run'}: {text} ({check})"
            finding = Finding(check, subject.name, severity, found, message)
            (verdict.failed if severity == "fail" else verdict.warned).append(finding)
            return
    verdict.passed += 1


def _min_records(subject: _Subject, least: int) -> tuple[Any, str] | None:
    count = subject.counted
    if count is None:
        return None, f"at least {counted(least, 'record')} expected, but the plugins count none"
    if count >= least:
        return None
    return count, f"{counted(count, 'record')} extracted, at least {least:,} expected"


def _max_age(subject: _Subject, most: float) -> tuple[Any, str] | None:
    bookmark = newest_of(each.bookmark for each in subject.streams)
    if bookmark is None:
        known = next((each.bookmark for each in subject.streams if each.bookmark), None)
        why = "there is no bookmark" if known is None else f"the bookmark {known} is not a time"
        return known, f"at most {span(most)} old expected, but {why}"
    age = age_of(bookmark, datetime.now(UTC))
    if age <= most:
        return None
    return (
        bookmark,
        f"the newest bookmark {bookmark} is {span(age)} old, at most {span(most)} expected",
    )


def _schema_change(subject: _Subject, kinds: list[str]) -> tuple[Any, str] | None:
    found = {name: each for name, changes in subject.changes.items() if (each := changes.of(kinds))}
    if not found:
        return None
    told = [f"{'' if subject.name else f'{name}: '}{each.text()}" for name, each in found.items()]
    return {name: each.as_dict() for name, each in found.items()}, "; ".join(told)


_UNMET: dict[str, Callable[[_Subject, Any], tuple[Any, str] | None]] = {
    "min_records": _min_records,
    "max_age": _max_age,
    _COLUMNS: _schema_change,
}


def _by_stream(
    said: Mapping[str, Mapping[str, Any]], streams: _Streams
) -> dict[str, dict[str, Any]]:
    """Return the checks of each stream: of the patterns it fits, in their order, then its own."""
    patterns = {name: each for name, each in said.items() if _PATTERN & set(name)}
    found: dict[str, dict[str, Any]] = {}
    for name, parts in streams.items():
        # A full-table stream has no bookmark that could be old.
        skipped = () if any(each.bookmark for each in parts) else ("max_age",)
        for pattern, checks in patterns.items():
            if fnmatchcase(name, pattern):
                wanted = {key: each for key, each in checks.items() if key not in skipped}
                found.setdefault(name, {}).update(wanted)
    for name, checks in said.items():
        if name not in patterns:
            found.setdefault(name, {}).update(checks)
    return found


def _unfit(said: Mapping[str, Any], streams: _Streams) -> list[str]:
    patterns = [name for name in said if _PATTERN & set(name)]
    return [each for each in patterns if not any(fnmatchcase(name, each) for name in streams)]


def _missing(
    verdict: Verdict,
    name: str,
    checks: Mapping[str, Mapping[str, Any]],
    streams: _Streams,
    *,
    cut: bool,
) -> None:
    worst = "fail" if any("fail" in bounds for bounds in checks.values()) else "warn"
    if cut:
        # With the log lost, the result is only as long as Kubernetes lets it be.
        worst, text = "warn", "not checked: the result was cut to its largest streams"
    else:
        text = (
            f"the run has no such stream; it has: {', '.join(list(streams)[:MAX_SHOWN]) or 'none'}"
        )
    message = f"{name}: {text} ({', '.join(checks)})"
    finding = Finding(next(iter(checks)), name, worst, None, message)
    (verdict.failed if worst == "fail" else verdict.warned).append(finding)


def _asks_for_columns(expected: Mapping[str, Any]) -> bool:
    streams = (expected.get("streams") or {}).values()
    return any(_COLUMNS in checks for checks in (expected, *streams))
