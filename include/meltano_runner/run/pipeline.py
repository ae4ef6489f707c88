"""What is known of one tap-to-target pair of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from meltano_runner.contract.result import PipelineResult, StreamResult
from meltano_runner.run import bookmarks
from meltano_runner.run.tap_files import TapFiles


@dataclass(slots=True)
class Pipeline:
    """One tap-to-target pair, as far as lines and files have told of it.

    Attributes:
        tap: Name of the extractor.
        target: Name of the loader.
        state_id: Meltano's state id.
        saved: Whether the state was saved.
        state: The last state that was saved, as Meltano logs it.
        extracted: Records by stream, as the tap counts them.
        loaded: The same as the target counts them.
        files: What the tap was given.
    """

    tap: str | None = None
    target: str | None = None
    state_id: str | None = None
    saved: bool = False
    state: str | None = None
    extracted: Counter[str] = field(default_factory=Counter)
    loaded: Counter[str] = field(default_factory=Counter)
    files: TapFiles | None = None

    def result(self) -> PipelineResult:
        """Return it as values."""
        tap, target = self.names()
        state = bookmarks.parse_logged_state(self.state) if self.state else None
        marks = bookmarks.by_stream(state) if state else {}
        files = self.files or TapFiles()
        counted = (*self.extracted, *self.loaded)
        # Taps that count nothing do not say either which streams they have gone through.
        streams = dict.fromkeys((*(counted or files.columns), *marks))
        return PipelineResult(
            tap=tap or "unknown",
            target=target,
            state_id=self.state_id,
            state_saved=self.saved,
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

    def names(self) -> tuple[str | None, str | None]:
        """Fill in from the state id (`env:tap-to-target[:suffix]`) what no line told."""
        if self.state_id and ":" in self.state_id and not (self.tap and self.target):
            pair = self.state_id.split(":")[1]
            before, found, after = pair.partition("-to-")
            if self.tap and pair.startswith(f"{self.tap}-to-"):
                return self.tap, self.target or pair.removeprefix(f"{self.tap}-to-")
            if found:
                return self.tap or before, self.target or after
        return self.tap, self.target
