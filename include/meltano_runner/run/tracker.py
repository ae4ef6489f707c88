"""What is known of a run from the lines seen so far."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from meltano_runner.run.errors import ErrorLog
from meltano_runner.run.invocation import read_invocation
from meltano_runner.run.pipeline import Pipeline
from meltano_runner.run.tap_files import TapFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meltano_runner.contract.dbt import DbtResult
    from meltano_runner.contract.result import PipelineResult
    from meltano_runner.run.command import RunRequest
    from meltano_runner.run.events import Event
    from meltano_runner.run.invocation import Invocation

_JOB_STARTED = re.compile(r"Running job with name '(?P<state_id>[^']+)' and run ID")
_STATE_SAVED = "Incremental state has been updated at"
_STATE = "Incremental state: "
_STATE_LOST = "Failed to persist incremental state"
_EL_STARTED = "Running extract & load..."
_EL_FAILED = {"Extraction failed": "extractors", "Loading failed": "loaders"}
_MAPPER_FAILED = "Intermediate block (likely a mapper) failed"
# `script bad` failed with exit code: 7
_COMMAND_FAILED = re.compile(r"`(?P<plugin>[^` ]+)[^`]*` failed with exit code: (?P<code>-?\d+)")
_NOT_STARTED = re.compile(r"Cannot start plugin: .*Utility '(?P<plugin>[^']+)'", re.DOTALL)
# The Singer SDK, of a target or mapper at its end; `Target` before 0.44.
_READ = re.compile(
    r"(?:Reader|Target) '.*' completed (?:reading|processing) \d+ lines of input "
    r"\((?:\d+ schemas, )?(?P<records>\d+) records(?:, (?P<batches>\d+) batch manifests)?"
)
# Of the transformer that `meltano elt` runs; lines of its log name it.
_TRANSFORM_ENDED = ("Transformation complete!", "Transformation failed")
_EL_ENDED = ("Extract & load complete!", "ELT could not be completed")


class Tracker:
    """Takes in events and answers what happened."""

    def __init__(
        self,
        request: RunRequest,
        files_of: Callable[[str], TapFiles] = lambda _: TapFiles(),
        dbt_of: Callable[[str], DbtResult | None] = lambda _: None,
        why_refused: Callable[[str, Path], str | None] = lambda *_: None,
    ) -> None:
        """Start with what the arguments tell.

        Args:
            request: The run.
            files_of: Reads what a tap was given, by its name. Called when its pipeline has ended:
                the next one of the same tap overwrites it.
            dbt_of: Reads what dbt left, if it left anything, once a utility's command has ended.
            why_refused: Returns why a tap must not move anything, by its name and the folder that
                has its catalog; None if it may. Called as it is started.
        """
        self.errors = ErrorLog()
        self.exit_codes: dict[str, int] = {}
        self.busy = True
        """Whether Meltano is starting, or a pipeline has begun and not been reported as ended."""
        self.state_lost = False
        self.utility: str | None = None
        """The utility that spoke or failed last."""
        self.utility_error: str | None = None
        """Meltano's message about the utility that failed."""
        self.mapper: str | None = None
        """The mapper that failed, else the one that logged an exception last."""
        self.dbt: list[DbtResult] = []
        self.refused: str | None = None
        """Why the tap that was started last must not move anything."""
        self._pipelines: list[Pipeline] = []
        self._open: Pipeline | None = None
        self._pair = request.pair
        self._files_of = files_of
        self._dbt_of = dbt_of
        self._why_refused = why_refused
        if request.moves:
            # `meltano el` names neither its job nor its end in the way `run` does.
            self._begin(request.state_id)

    def note(self, event: Event) -> None:
        """Take in one event."""
        self.errors.note(event)
        if event.from_plugin:
            self._note_plugin(event)
        elif invocation := read_invocation(event):
            self._note_start(invocation)
        else:
            self._note_meltano(event)

    def _note_meltano(self, event: Event) -> None:
        if match := _JOB_STARTED.match(event.text):
            self._begin(match["state_id"])
            self.busy = True
        elif event.text == _EL_STARTED:
            self.busy = True
        elif event.text.startswith(_STATE_SAVED):
            self._current().saved = True
        elif event.text.startswith(_STATE):
            self._current().state = event.text.removeprefix(_STATE)
        elif event.text.startswith(_STATE_LOST):
            self.state_lost = True
        elif event.text == "Block run completed":
            self._note_end(event.fields)
        elif role := _EL_FAILED.get(event.text):
            self.exit_codes[role] = int(event.fields.get("code") or 1)
        else:
            self._note_end_of_el(event)

    def _note_end_of_el(self, event: Event) -> None:
        if event.text in _TRANSFORM_ENDED:
            self._note_transform_end(event.fields)
        elif event.text.startswith(_EL_ENDED):
            self.busy = False
            self._read_files()

    @property
    def records(self) -> Counter[str]:
        """Records extracted so far, by stream, over all pipelines."""
        return sum((pipeline.extracted for pipeline in self._pipelines), Counter())

    def results(self) -> tuple[PipelineResult, ...]:
        """Return the pipelines so far, in the order they ran."""
        self._read_files()
        return tuple(pipeline.result() for pipeline in self._pipelines)

    def plugin(self, role: str) -> str | None:
        """Return the plugin that has this role (`extractors`, `loaders`) in the last pipeline.

        Of `utilities` the last one, and of `mappers` the one that failed.
        """
        if role == "utilities":
            return self.utility
        if role == "mappers":
            return self.mapper
        if not self._pipelines:
            return None
        last = self._pipelines[-1].result()
        return {"extractors": last.tap, "loaders": last.target}.get(role)

    def plugin_of(self, role: str | None) -> str | None:
        """Return the plugin that runs as a process of this role (`processes.plugins`)."""
        if role == "mapper":
            return "the mapper"
        section = {"tap": "extractors", "target": "loaders", "other": "utilities"}.get(role or "")
        return None if section is None else self.plugin(section)

    def _begin(self, state_id: str | None) -> Pipeline:
        tap, target = self._pair or (None, None)
        self._open = Pipeline(tap, target, state_id)
        self._pipelines.append(self._open)
        return self._open

    def _current(self) -> Pipeline:
        # A run without state (--no-state-update) never says that a job begins.
        return self._open or self._begin(None)

    def _note_start(self, invocation: Invocation) -> None:
        pipeline = self._current()
        pipeline.started.add(invocation.role)
        if invocation.may_drop_records():
            pipeline.reshaping.add(invocation.role)
        if invocation.role == "tap":
            folder = invocation.config.parent
            # `meltano el` has a folder for each run, and names the tap in its arguments alone.
            tap = self._pair[0] if self._pair else folder.name
            pipeline.tap = tap
            self.refused = self._why_refused(tap, folder)

    def _note_plugin(self, event: Event) -> None:
        if event.fields.get("cmd_type") in {"command", "transformer"}:
            self.utility = event.source
            return
        role = _role(event.fields)
        if role == "extractors":
            self._current().tap = event.source
        elif role == "loaders":
            self._current().target = event.source
        elif role == "mappers":
            if self.errors.has_exception(event.source):
                self.mapper = event.source
            return
        else:
            return
        if role == "loaders" and (found := _READ.match(event.text)):
            self._current().read = int(found["records"])
            if int(found["batches"] or 0):  # files of records, which nobody has counted
                self._current().reshaping |= {"tap", "target"}
        self._note_metric(role, event)

    def _note_metric(self, role: str, event: Event) -> None:
        metric = event.metric()
        if metric is None or metric.get("metric") != "record_count":
            return
        tags = metric.get("tags") or {}
        stream = tags.get("stream") or tags.get("endpoint")
        value = metric.get("value")
        if isinstance(stream, str) and isinstance(value, int):
            # Singer counters start again at zero after each line they print.
            counts = self._current().extracted if role == "extractors" else self._current().loaded
            counts[stream] += value
            # The Singer SDK's taps count each record as they write it, others as they see fit.
            if role == "extractors" and tags.keys() & {"pid", "context"}:
                self._current().counts_exactly = True

    def _read_files(self) -> None:
        if self._open is not None and (tap := self._open.names()[0]):
            self._open.files = self._files_of(tap)

    def _note_end(self, fields: dict[str, Any]) -> None:
        self.busy = False
        self._read_files()
        self._open = None
        codes = fields.get("exit_codes")
        if _MAPPER_FAILED in str(fields.get("err") or ""):
            # Meltano stops the other plugins and counts that as their failure.
            self.exit_codes["mappers"] = 1
        elif isinstance(codes, dict):
            self.exit_codes.update({role: int(code) for role, code in codes.items()})
        elif codes:
            self.exit_codes["mappers"] = 1
            self.mapper = next(iter(codes[0]))
        if fields.get("block_type") == "InvokerCommand":
            self._note_command_end(fields)

    def _note_command_end(self, fields: dict[str, Any]) -> None:
        if not fields.get("success"):
            self._note_command_failed(str(fields.get("err") or ""))
        if self.utility and (found := self._dbt_of(self.utility)):
            self.dbt.append(found)

    def _note_transform_end(self, fields: dict[str, Any]) -> None:
        if code := fields.get("code"):
            self.exit_codes["utilities"] = int(code)
            self.utility_error = str(fields.get("message") or "") or None
        self.utility = self.utility or "dbt"
        if found := self._dbt_of(self.utility):
            self.dbt.append(found)

    def _note_command_failed(self, text: str) -> None:
        code = 1
        if failed := _COMMAND_FAILED.search(text):
            self.utility, code = failed["plugin"], int(failed["code"])
        elif unstarted := _NOT_STARTED.search(text):
            self.utility = unstarted["plugin"]
        self.exit_codes["utilities"] = code
        self.utility_error = text or None


def _role(fields: dict[str, Any]) -> str | None:
    """Return the role of a plugin by what `meltano run` and `meltano el` add to its lines."""
    producer, consumer = fields.get("producer"), fields.get("consumer")
    if fields.get("cmd_type") == "extractor" or (producer and not consumer):
        return "extractors"
    if fields.get("cmd_type") == "loader" or (consumer and not producer):
        return "loaders"
    return "mappers" if producer and consumer else None
