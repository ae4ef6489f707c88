"""Compares the columns of streams with those of the last run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.results.column_store import ColumnStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_runner.contract.result import RunResult

    from meltano_pods.results.column_store import ColumnStore

_MAX_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Changes:
    """How the columns of one stream changed; types by name."""

    added: Mapping[str, str]
    removed: Mapping[str, str]
    type: Mapping[str, tuple[str, str]]
    """Type before and now."""

    def select(self, kinds: Sequence[str]) -> Changes | None:
        """Return the changes of these kinds; None if there is none."""
        chosen = {kind: getattr(self, kind) if kind in kinds else {} for kind in _KINDS}
        return Changes(**chosen) if any(chosen.values()) else None

    def describe(self) -> str:
        """Return the changes in words."""
        types = {name: f"{before} -> {now}" for name, (before, now) in self.type.items()}
        parts = [
            _list_columns("added", self.added),
            _list_columns("removed", self.removed),
            _list_columns("another type", types),
        ]
        return "columns " + ", ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, Any]:
        """Return the changes as JSON-compatible data."""
        return {
            "added": dict(self.added),
            "removed": dict(self.removed),
            "type": {name: list(each) for name, each in self.type.items()},
        }


_KINDS = ("added", "removed", "type")


def compare_columns(store: ColumnStore, result: RunResult) -> tuple[dict[str, Changes], list[str]]:
    """Return the changes by stream, and sentences about unknown ones; save this run's columns.

    A stream that was not there before has nothing to be compared with.

    Args:
        store: Has the columns of the last run.
        result: What the run did.
    """
    found: dict[str, Changes] = {}
    unknown = []
    for pipeline in result.pipelines:
        now = {
            stream.stream: dict(stream.columns)
            for stream in pipeline.streams
            if stream.columns is not None
        }
        name = f"{pipeline.tap} to {pipeline.target}"
        if not now:
            unknown.append(f"{name}: no columns are known, so no changes of them (schema_change)")
            continue
        try:
            before = store.load(pipeline)
            if (merged := {**before, **now}) != before:
                store.save(pipeline, merged)
        except ColumnStoreError as error:
            unknown.append(f"{name}: the last run's columns are not known: {error} (schema_change)")
            continue
        for stream, columns in now.items():
            if stream in before and (changes := find_changes(before[stream], columns)):
                found[stream] = changes
    return found, unknown


def find_changes(before: Mapping[str, str], now: Mapping[str, str]) -> Changes | None:
    """Return how columns changed; None if they did not."""
    return Changes(
        added={name: now[name] for name in now if name not in before},
        removed={name: before[name] for name in before if name not in now},
        type={
            name: (before[name], now[name])
            for name in now
            if name in before and before[name] != now[name]
        },
    ).select(_KINDS)


def _list_columns(what: str, columns: Mapping[str, str]) -> str:
    if not columns:
        return ""
    shown = [f"{name} ({kind})" for name, kind in list(columns.items())[:_MAX_SHOWN]]
    if more := len(columns) - len(shown):
        shown.append(f"{more} more")
    return f"{what}: {', '.join(shown)}"
