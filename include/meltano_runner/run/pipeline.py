"""Collects what is known about one tap-to-target pair of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from meltano_runner.contract.result import PipelineResult, StreamResult
from meltano_runner.run import bookmarks
from meltano_runner.run.tap_files import TapFiles


@dataclass(slots=True)
class Pipeline:
    """One tap-to-target pair, as far as it is known from lines and files.

    Attributes:
        tap: Name of the extractor.
        target: Name of the loader.
        state_id: Meltano's state id.
        saved: Whether the state was saved.
        state: The last state that was saved, as Meltano logs it.
        extracted: Records by stream, as the tap counts them.
        loaded: The same as the target counts them.
        files: Catalog and state of the tap.
        read: Records that the target reported as read, whether or not it loaded them.
        counts_exactly: Whether the tap counts what it sends, neither more nor less.
        started: Which of `tap`, `target` and `mapper` Meltano has started.
        reshaping: Which of those may change the number of records.
    """

    tap: str | None = None
    target: str | None = None
    state_id: str | None = None
    saved: bool = False
    state: str | None = None
    extracted: Counter[str] = field(default_factory=Counter)
    loaded: Counter[str] = field(default_factory=Counter)
    files: TapFiles | None = None
    read: int | None = None
    counts_exactly: bool = False
    started: set[str] = field(default_factory=set)
    reshaping: set[str] = field(default_factory=set)

    def build_result(self) -> PipelineResult:
        """Return the result of the pipeline."""
        tap, target = self.find_names()
        state = bookmarks.parse_logged_state(self.state) if self.state else None
        marks = bookmarks.format_bookmarks(state) if state else {}
        files = self.files or TapFiles()
        counted = (*self.extracted, *self.loaded)
        # Taps that count nothing do not report their streams either.
        streams = dict.fromkeys((*(counted or files.columns), *marks))
        return PipelineResult(
            tap=tap or "unknown",
            target=target,
            state_id=self.state_id,
            state_saved=self.saved,
            extracted=self.sum_extracted(),
            loaded=self.sum_loaded(),
            missing=self.count_missing(),
            streams=tuple(
                StreamResult(
                    stream,
                    self.extracted.get(stream),
                    self.loaded.get(stream),
                    marks.get(stream),
                    files.bookmarks.get(stream),
                    files.columns.get(stream),
                )
                for stream in streams
            ),
        )

    def sum_extracted(self) -> int | None:
        """Return the records that the tap reported for all streams."""
        return self.extracted.total() if self.extracted else None

    def sum_loaded(self) -> int | None:
        """Return the records that the target reported for all streams."""
        counted = self.loaded.total() if self.loaded else None
        if self.read is None or "target" in self.reshaping:
            return counted
        # The Singer SDK loses the count of a stream whose schema changes during the run.
        return max(self.read, counted or 0)

    def count_missing(self) -> int | None:
        """Return how many records the tap sent and the target did not read; None if unknown."""
        sent, taken = self.sum_extracted(), self.read
        if taken is None and "target" not in self.reshaping:
            taken = self.sum_loaded()
        if sent is None or taken is None or not self.counts_exactly:
            return None
        if self.started != {"tap", "target"} or "tap" in self.reshaping:
            return None
        return max(sent - taken, 0)

    def find_names(self) -> tuple[str | None, str | None]:
        """Return tap and target, from the state id (`env:tap-to-target[:suffix]`) if needed."""
        if self.state_id and ":" in self.state_id and not (self.tap and self.target):
            pair = self.state_id.split(":")[1]
            before, found, after = pair.partition("-to-")
            if self.tap and pair.startswith(f"{self.tap}-to-"):
                return self.tap, self.target or pair.removeprefix(f"{self.tap}-to-")
            if found:
                return self.tap or before, self.target or after
        return self.tap, self.target
