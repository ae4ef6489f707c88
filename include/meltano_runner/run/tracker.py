"""Tracks the progress of a run from the lines of Meltano's output."""

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
    """Processes events, and reports what happened."""

    def __init__(
        self,
        request: RunRequest,
        read_files: Callable[[str], TapFiles] = lambda _: TapFiles(),
        read_dbt: Callable[[str], DbtResult | None] = lambda _: None,
        find_rejection: Callable[[str, Path], str | None] = lambda *_: None,
    ) -> None:
        """Start with what is known from the arguments.

        Args:
            request: The run.
            read_files: Reads the catalog and state of a tap, by its name. Called when its pipeline
                has ended, because the next pipeline of the tap overwrites them.
            read_dbt: Reads dbt's artifacts, if there are any, after a utility's command has ended.
            find_rejection: Returns why a tap must not extract anything, by its name and the folder
                with its catalog; None if it may. Called when it is started.
        """
        self.errors = ErrorLog()
        self.exit_codes: dict[str, int] = {}
        self.busy = True
        """Whether Meltano is starting, or a pipeline has started and is not reported as ended."""
        self.state_lost = False
        self.utility: str | None = None
        """The utility that logged or failed last."""
        self.utility_error: str | None = None
        """Meltano's message about the utility that failed."""
        self.mapper: str | None = None
        """The mapper that failed, else the one that logged an exception last."""
        self.dbt: list[DbtResult] = []
        self.rejection: str | None = None
        """Why the tap that was started last must not extract anything."""
        self._pipelines: list[Pipeline] = []
        self._open: Pipeline | None = None
        self._pair = request.pair
        self._read_tap_files = read_files
        self._read_dbt = read_dbt
        self._find_rejection = find_rejection
        if request.moves_records:
            # `meltano el` reports neither its job nor its end in the way that `run` does.
            self._begin_pipeline(request.state_id)

    def note(self, event: Event) -> None:
        """Process one event."""
        self.errors.note(event)
        if event.from_plugin:
            self._note_plugin(event)
        elif invocation := read_invocation(event):
            self._note_start(invocation)
        else:
            self._note_meltano(event)

    def _note_meltano(self, event: Event) -> None:
        if match := _JOB_STARTED.match(event.text):
            self._begin_pipeline(match["state_id"])
            self.busy = True
        elif event.text == _EL_STARTED:
            self.busy = True
        elif event.text.startswith(_STATE_SAVED):
            self._get_current_pipeline().saved = True
        elif event.text.startswith(_STATE):
            self._get_current_pipeline().state = event.text.removeprefix(_STATE)
        elif event.text.startswith(_STATE_LOST):
            self.state_lost = True
        elif event.text == "Block run completed":
            self._note_end(event.fields)
        elif role := _EL_FAILED.get(event.text):
            self.exit_codes[role] = int(event.fields.get("code") or 1)
        else:
            self._note_el_end(event)

    def _note_el_end(self, event: Event) -> None:
        if event.text in _TRANSFORM_ENDED:
            self._note_transform_end(event.fields)
        elif event.text.startswith(_EL_ENDED):
            self.busy = False
            self._read_files()

    @property
    def records(self) -> Counter[str]:
        """Records extracted so far, by stream, over all pipelines."""
        return sum((pipeline.extracted for pipeline in self._pipelines), Counter())

    def build_results(self) -> tuple[PipelineResult, ...]:
        """Return the pipelines so far, in the order they ran."""
        self._read_files()
        return tuple(pipeline.build_result() for pipeline in self._pipelines)

    def get_plugin(self, role: str) -> str | None:
        """Return the plugin that has this role (`extractors`, `loaders`) in the last pipeline.

        For `utilities` the last one, and for `mappers` the one that failed.
        """
        if role == "utilities":
            return self.utility
        if role == "mappers":
            return self.mapper
        if not self._pipelines:
            return None
        last = self._pipelines[-1].build_result()
        return {"extractors": last.tap, "loaders": last.target}.get(role)

    def find_plugin_by_process_role(self, role: str | None) -> str | None:
        """Return the plugin that runs as a process of this role (`processes.find_plugins`)."""
        if role == "mapper":
            return "the mapper"
        section = {"tap": "extractors", "target": "loaders", "other": "utilities"}.get(role or "")
        return None if section is None else self.get_plugin(section)

    def _begin_pipeline(self, state_id: str | None) -> Pipeline:
        tap, target = self._pair or (None, None)
        self._open = Pipeline(tap, target, state_id)
        self._pipelines.append(self._open)
        return self._open

    def _get_current_pipeline(self) -> Pipeline:
        # A run without state (--no-state-update) does not report the start of a job.
        return self._open or self._begin_pipeline(None)

    def _note_start(self, invocation: Invocation) -> None:
        pipeline = self._get_current_pipeline()
        pipeline.started.add(invocation.role)
        if invocation.may_drop_records():
            pipeline.reshaping.add(invocation.role)
        if invocation.role == "tap":
            folder = invocation.config.parent
            # `meltano el` has a folder for each run, and names the tap only in its arguments.
            tap = self._pair[0] if self._pair else folder.name
            pipeline.tap = tap
            self.rejection = self._find_rejection(tap, folder)

    def _note_plugin(self, event: Event) -> None:
        if event.fields.get("cmd_type") in {"command", "transformer"}:
            self.utility = event.source
            return
        role = _get_role(event.fields)
        if role == "extractors":
            self._get_current_pipeline().tap = event.source
        elif role == "loaders":
            self._get_current_pipeline().target = event.source
        elif role == "mappers":
            if self.errors.has_exception(event.source):
                self.mapper = event.source
            return
        else:
            return
        if role == "loaders" and (found := _READ.match(event.text)):
            self._get_current_pipeline().read = int(found["records"])
            if int(found["batches"] or 0):  # files of records, which are not counted
                self._get_current_pipeline().reshaping |= {"tap", "target"}
        self._note_metric(role, event)

    def _note_metric(self, role: str, event: Event) -> None:
        metric = event.get_metric()
        if metric is None or metric.get("metric") != "record_count":
            return
        tags = metric.get("tags") or {}
        stream = tags.get("stream") or tags.get("endpoint")
        value = metric.get("value")
        if isinstance(stream, str) and isinstance(value, int):
            # Singer counters restart at zero after each line.
            counts = (
                self._get_current_pipeline().extracted
                if role == "extractors"
                else self._get_current_pipeline().loaded
            )
            counts[stream] += value
            # Taps of the Singer SDK count each record that they write; others count in other ways.
            if role == "extractors" and tags.keys() & {"pid", "context"}:
                self._get_current_pipeline().counts_exactly = True

    def _read_files(self) -> None:
        if self._open is not None and (tap := self._open.find_names()[0]):
            self._open.files = self._read_tap_files(tap)

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
        if self.utility and (found := self._read_dbt(self.utility)):
            self.dbt.append(found)

    def _note_transform_end(self, fields: dict[str, Any]) -> None:
        if code := fields.get("code"):
            self.exit_codes["utilities"] = int(code)
            self.utility_error = str(fields.get("message") or "") or None
        self.utility = self.utility or "dbt"
        if found := self._read_dbt(self.utility):
            self.dbt.append(found)

    def _note_command_failed(self, text: str) -> None:
        code = 1
        if failed := _COMMAND_FAILED.search(text):
            self.utility, code = failed["plugin"], int(failed["code"])
        elif unstarted := _NOT_STARTED.search(text):
            self.utility = unstarted["plugin"]
        self.exit_codes["utilities"] = code
        self.utility_error = text or None


def _get_role(fields: dict[str, Any]) -> str | None:
    """Return the role of a plugin by what `meltano run` and `meltano el` add to its lines."""
    producer, consumer = fields.get("producer"), fields.get("consumer")
    if fields.get("cmd_type") == "extractor" or (producer and not consumer):
        return "extractors"
    if fields.get("cmd_type") == "loader" or (consumer and not producer):
        return "loaders"
    return "mappers" if producer and consumer else None
