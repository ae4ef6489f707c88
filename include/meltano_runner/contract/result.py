"""The result of one run, as values.

Times are in seconds, memory in bytes. `None` always means "not known", never zero: a tap that
reports no metrics has `extracted=None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.dbt import DbtResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA_VERSION = 1


class ResultError(ValueError):
    """A text is not a result of a schema this version can read."""


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """Stopped early (SIGTERM or a timeout); what was loaded is in the state."""


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One stream of one pipeline.

    Attributes:
        stream: The stream's name as the tap gives it.
        extracted: Records the tap reported.
        loaded: Records the target reported; many report none.
        bookmark: The replication key's value in the saved state, else that stream's whole bookmark
            as compact JSON; at most 256 characters.
        bookmark_before: The same in the state that the tap started with; None also for a run
            without state.
        columns: Types of the selected columns by name, as the tap's catalog has them; None also
            in a message that was cut to size.
    """

    stream: str
    extracted: int | None = None
    loaded: int | None = None
    bookmark: str | None = None
    bookmark_before: str | None = None
    columns: Mapping[str, str] | None = None

    @property
    def counted(self) -> int | None:
        """Records the tap reported, else what the target did; to rank and to check streams."""
        return self.loaded if self.extracted is None else self.extracted


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """One tap-to-target pair of the run.

    Attributes:
        tap: Name of the extractor.
        target: Name of the loader, where Meltano's logs gave it.
        state_id: Meltano's state id; None for a run without state.
        state_saved: Whether the state was saved at least once.
        extracted: Records the tap reported, of all streams.
        loaded: Records the target reported, of all streams.
        missing: Records that the tap sent and the target did not read. None if that is unknown: one
            of them does not count exactly, or something between them may drop records.
        streams: Streams, the largest first once encoded.
        streams_omitted: Streams left out to keep the message within its size.
    """

    tap: str
    target: str | None = None
    state_id: str | None = None
    state_saved: bool = False
    extracted: int | None = None
    loaded: int | None = None
    missing: int | None = None
    streams: tuple[StreamResult, ...] = ()
    streams_omitted: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run did.

    Attributes:
        outcome: How it ended.
        exit_code: The runner's own exit code: Meltano's, or 143 after a stop.
        category: Why it did not succeed; None on success.
        failed_plugin: The plugin that failed, where known.
        error: The last error of the plugin or of Meltano, verbatim except that secrets are masked.
        extracted: All records extracted; None when no tap reported any figure.
        loaded: All records loaded; None unless the target of every pipeline reported a figure.
        seconds: Wall time from the runner's start to Meltano's end.
        peak_memory_bytes: The container's peak memory; outside a container, the peak of the
            largest process.
        pipelines: One entry for each tap-to-target pair, in the order they ran.
        pipelines_omitted: Pipelines left out to keep the message within its size.
        dbt: One entry for each command of dbt, in the order they ran.
        dbt_omitted: Commands of dbt left out to keep the message within its size.
    """

    outcome: Outcome
    exit_code: int
    category: Category | None = None
    failed_plugin: str | None = None
    error: str | None = None
    extracted: int | None = None
    loaded: int | None = None
    seconds: float = 0.0
    peak_memory_bytes: int | None = None
    pipelines: tuple[PipelineResult, ...] = ()
    pipelines_omitted: int = 0
    dbt: tuple[DbtResult, ...] = ()
    dbt_omitted: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the documented JSON form; `docs/reference/result.md` shows it field by field."""
        return {
            "version": SCHEMA_VERSION,
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "category": None if self.category is None else self.category.value,
            "failed_plugin": self.failed_plugin,
            "error": self.error,
            "extracted": self.extracted,
            "loaded": self.loaded,
            "seconds": round(self.seconds, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
            "pipelines": [_convert_pipeline(pipeline) for pipeline in self.pipelines],
            "pipelines_omitted": self.pipelines_omitted,
            "dbt": [each.as_dict() for each in self.dbt],
            "dbt_omitted": self.dbt_omitted,
        }

    @classmethod
    def from_dict(cls, data: object) -> RunResult:
        """Read the JSON form; keys a newer minor version may add are ignored.

        Raises:
            ResultError: Not an object, another schema version, or a field of the wrong kind.
        """
        if not isinstance(data, dict):
            raise ResultError(f"expected a JSON object, found {type(data).__name__}")
        if data.get("version") != SCHEMA_VERSION:
            raise ResultError(
                f"result schema version {data.get('version')!r}, this side reads "
                f"{SCHEMA_VERSION}: build both images from the same release"
            )
        try:
            category = data.get("category")
            return cls(
                outcome=Outcome(data["outcome"]),
                exit_code=int(data["exit_code"]),
                category=None if category is None else Category(category),
                failed_plugin=data.get("failed_plugin"),
                error=data.get("error"),
                extracted=data.get("extracted"),
                loaded=data.get("loaded"),
                seconds=float(data.get("seconds", 0.0)),
                peak_memory_bytes=data.get("peak_memory_bytes"),
                pipelines=tuple(_read_pipeline(entry) for entry in data.get("pipelines", ())),
                pipelines_omitted=int(data.get("pipelines_omitted", 0)),
                dbt=tuple(DbtResult.from_dict(each) for each in data.get("dbt", ())),
                dbt_omitted=int(data.get("dbt_omitted", 0)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ResultError(f"not a run result: {error}") from error


def sum_counts(
    parts: Iterable[tuple[int | None, int | None]],
) -> tuple[int | None, int | None]:
    """Return the total records extracted and loaded.

    Extracted is the sum of the known counts, because a run may end before its last tap has
    reported. Loaded is None unless all counts are known: a part would look as if records were lost.

    Args:
        parts: Records extracted and loaded of each part.
    """
    counts = list(parts)
    extracted = [each for each, _ in counts if each is not None]
    loaded = [each for _, each in counts if each is not None]
    all_known = len(loaded) == len(counts) > 0
    return sum(extracted) if extracted else None, sum(loaded) if all_known else None


def _convert_pipeline(pipeline: PipelineResult) -> dict[str, Any]:
    return {
        "tap": pipeline.tap,
        "target": pipeline.target,
        "state_id": pipeline.state_id,
        "state_saved": pipeline.state_saved,
        "extracted": pipeline.extracted,
        "loaded": pipeline.loaded,
        "missing": pipeline.missing,
        "streams": [
            {
                "stream": stream.stream,
                "extracted": stream.extracted,
                "loaded": stream.loaded,
                "bookmark": stream.bookmark,
                "bookmark_before": stream.bookmark_before,
                "columns": None if stream.columns is None else dict(stream.columns),
            }
            for stream in pipeline.streams
        ],
        "streams_omitted": pipeline.streams_omitted,
    }


def _read_pipeline(data: dict[str, Any]) -> PipelineResult:
    return PipelineResult(
        tap=data["tap"],
        target=data.get("target"),
        state_id=data.get("state_id"),
        state_saved=bool(data.get("state_saved")),
        extracted=data.get("extracted"),
        loaded=data.get("loaded"),
        missing=data.get("missing"),
        streams=tuple(
            StreamResult(
                stream=stream["stream"],
                extracted=stream.get("extracted"),
                loaded=stream.get("loaded"),
                bookmark=stream.get("bookmark"),
                bookmark_before=stream.get("bookmark_before"),
                columns=stream.get("columns"),
            )
            for stream in data.get("streams", ())
        ),
        streams_omitted=int(data.get("streams_omitted", 0)),
    )
