"""How the columns of streams changed since the last run.

The last run's are kept as an Airflow variable for each pipeline. XComs would not do: a task that is
cleared loses them, and clearing is how a person says that a change is all right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import Variable

from meltano_pods.names import variable_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk.types import Logger
    from meltano_runner.contract import PipelineResult, RunResult

_DESCRIPTION = "Columns of the last run, kept by Meltano Pods for `checks: schema_change`"
_MAX_TOLD = 10


@dataclass(frozen=True, slots=True)
class Changes:
    """How the columns of one stream changed; types by name."""

    added: Mapping[str, str]
    removed: Mapping[str, str]
    type: Mapping[str, tuple[str, str]]
    """Type before and now."""

    def of(self, kinds: Sequence[str]) -> Changes | None:
        """Return the changes of these kinds; None if there is none."""
        own = {kind: getattr(self, kind) if kind in kinds else {} for kind in _KINDS}
        return Changes(**own) if any(own.values()) else None

    def text(self) -> str:
        """Return it in words."""
        types = {name: f"{before} -> {now}" for name, (before, now) in self.type.items()}
        parts = [
            _listed("added", self.added),
            _listed("removed", self.removed),
            _listed("another type", types),
        ]
        return "columns " + ", ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-compatible data."""
        return {
            "added": dict(self.added),
            "removed": dict(self.removed),
            "type": {name: list(each) for name, each in self.type.items()},
        }


_KINDS = ("added", "removed", "type")


def compare(project: str, result: RunResult, log: Logger) -> tuple[dict[str, Changes], list[str]]:
    """Return what changed, by stream, and what could not be compared; store the current columns.

    A stream that was not there before has nothing to be compared with. Columns that cannot be
    remembered do not end a run that has moved its rows.

    Args:
        project: Name of the project.
        result: What the run did.
        log: The task's log.
    """
    found: dict[str, Changes] = {}
    untold = []
    for pipeline in result.pipelines:
        now = {
            stream.stream: dict(stream.columns)
            for stream in pipeline.streams
            if stream.columns is not None
        }
        key = variable_name(project, pipeline)
        if not now:
            name = f"{pipeline.tap} to {pipeline.target}"
            untold.append(f"{name}: no columns are known, so no changes of them (schema_change)")
            continue
        try:
            before = _remembered(key)
            if (kept := {**before, **now}) != before:
                Variable.set(key, json.dumps(kept), description=_DESCRIPTION)
        except Exception as error:  # noqa: BLE001 - Airflow's API has many ways to fail
            log.warning("Cannot read or write the variable %s: %s", key, error)
            untold.append(f"the columns of the last run are not at hand: {key} (schema_change)")
            continue
        for stream, columns in now.items():
            if stream in before and (changes := changes_of(before[stream], columns)):
                found[stream] = changes
    return found, untold


def changes_of(before: Mapping[str, str], now: Mapping[str, str]) -> Changes | None:
    """Return how columns changed; None if they did not."""
    return Changes(
        added={name: now[name] for name in now if name not in before},
        removed={name: before[name] for name in before if name not in now},
        type={
            name: (before[name], now[name])
            for name in now
            if name in before and before[name] != now[name]
        },
    ).of(_KINDS)


def variable_name(project: str, pipeline: PipelineResult) -> str:
    """Return the key of the variable that keeps a pipeline's columns."""
    name = pipeline.state_id or f"{pipeline.tap}-to-{pipeline.target}"
    return variable_key("meltano_pods.columns.", f"{project}.{name}")


def _remembered(key: str) -> dict[str, dict[str, str]]:
    text = Variable.get(key, default=None)
    try:
        data = json.loads(text) if text else {}
    except ValueError:
        return {}  # somebody has edited it
    items = data.items() if isinstance(data, dict) else ()
    return {name: each for name, each in items if isinstance(each, dict)}


def _listed(what: str, columns: Mapping[str, str]) -> str:
    if not columns:
        return ""
    told = [f"{name} ({kind})" for name, kind in list(columns.items())[:_MAX_TOLD]]
    if more := len(columns) - len(told):
        told.append(f"{more} more")
    return f"{what}: {', '.join(told)}"
