"""What is read out of Meltano's lines: records, state, errors, reasons."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import StreamResult, sum_counts
from meltano_runner.run import bookmarks, events
from meltano_runner.run.classify import classify_failure
from meltano_runner.run.command import parse_arguments
from meltano_runner.run.session import _build_result
from meltano_runner.run.tap_files import TapFiles
from meltano_runner.run.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


_STARTED = "Another 'x' pipeline is already running which started at 10:00."
_WAIT = "Wait until 10:05 when the job will be automatically cancelled if stale"
ALREADY_RUNNING = {
    f"{_STARTED} {_WAIT}, or ignore this check using the '--force' option.": f"{_WAIT}.",
    f"{_STARTED} To ignore this check use the '--force' option.": "started at 10:00.",
}
"""As `meltano run` and `meltano el` write it, and the end that is kept of it."""


def line(event: str, level: str = "info", **fields: Any) -> str:
    return json.dumps({"event": event, "level": level, **fields})


def tap(event: str, **fields: Any) -> str:
    return line(event, producer=True, consumer=False, string_id="tap-a", name="tap-a", **fields)


def target(event: str, **fields: Any) -> str:
    return line(event, producer=False, consumer=True, string_id="target-b", **fields)


def mapper(event: str, **fields: Any) -> str:
    return line(event, producer=True, consumer=True, string_id="map-c", **fields)


def metric(value: int, stream: str = "s") -> str:
    point = {
        "type": "counter",
        "metric": "record_count",
        "value": value,
        "tags": {"stream": stream},
    }
    return json.dumps(point)


STARTED = line("Running job with name 'dev:tap-a-to-target-b' and run ID 'x'")
SAVED = line("Incremental state has been updated at 2026-01-01.")
STATE = line("Incremental state: {'bookmarks': {'s': {'replication_key_value': 7}}}", "debug")


def ended(*, success: bool = True, **fields: Any) -> str:
    return line("Block run completed", success=success, block_type="ExtractLoadBlocks", **fields)


def track(*lines: str, arguments: str = "tap-a target-b") -> Tracker:
    tracker = Tracker(parse_arguments(arguments.split()))
    for each in lines:
        tracker.note(events.parse_line(each))
    return tracker


@pytest.mark.parametrize(
    "text",
    [
        f"METRIC: {metric(5)}",
        f"INFO METRIC: {metric(5)}",
        f"2026-11-23 05:50:00,123 | INFO     | singer_sdk.metrics    | METRIC: {metric(5)}",
    ],
)
def test_every_form_of_metric_is_counted(text: str) -> None:
    assert track(STARTED, tap(text), tap(text)).records == {"s": 10}


def test_a_structured_metric_is_counted_once() -> None:
    both = tap(f"METRIC: {metric(5)}", metric_info=json.loads(metric(5)))
    assert track(STARTED, both).records == {"s": 5}


def test_tap_and_target_are_counted_apart() -> None:
    (pipeline,) = track(
        STARTED, tap(f"METRIC: {metric(5)}"), target(f"METRIC: {metric(4)}"), SAVED, STATE, ended()
    ).build_results()
    assert pipeline.state_id == "dev:tap-a-to-target-b"
    assert pipeline.state_saved
    assert pipeline.streams == (StreamResult("s", 5, 4, "7"),)


def test_what_each_tap_was_given_is_read_when_its_pipeline_ends() -> None:
    given = iter([TapFiles({"s": {"id": "integer"}}, {"s": "6"}), TapFiles({"s": {}}, {"s": "7"})])
    tracker = Tracker(parse_arguments(["tap-a", "target-b"]), lambda _: next(given))
    for each in (STARTED, tap(f"METRIC: {metric(5)}"), STATE, ended(), STARTED, tap("hello")):
        tracker.note(events.parse_line(each))
    first, second = tracker.build_results()
    assert first.streams == (StreamResult("s", 5, None, "7", "6", {"id": "integer"}),)
    # A tap that counts nothing: its catalog tells what it went through.
    assert second.streams == (StreamResult("s", None, None, None, "7", {}),)


def test_a_tap_without_metrics_has_no_figure() -> None:
    tracker = track(STARTED, tap("hello"), ended())
    assert tracker.build_results()[0].extracted is None


def test_zero_records_are_a_figure() -> None:
    tracker = track(STARTED, tap(f"METRIC: {metric(0)}"), ended())
    assert tracker.build_results()[0].extracted == 0


def test_names_come_from_the_state_id_when_plugins_are_silent() -> None:
    (pipeline,) = track(STARTED, ended(), arguments="a-job").build_results()
    assert (pipeline.tap, pipeline.target) == ("tap-a", "target-b")


def test_two_pipelines_of_one_run_are_kept_apart() -> None:
    second = STARTED.replace("target-b", "target-c")
    tracker = track(
        STARTED, tap(f"METRIC: {metric(1)}"), SAVED, ended(), second, tap(f"METRIC: {metric(2)}")
    )
    first, other = tracker.build_results()
    assert (first.target, first.state_saved, first.streams[0].extracted) == ("target-b", True, 1)
    assert (other.state_id, other.state_saved) == ("dev:tap-a-to-target-c", False)
    assert other.streams[0].extracted == 2


def test_meltano_is_busy_while_it_starts_and_while_a_pipeline_runs() -> None:
    assert track().busy
    assert track(STARTED).busy
    assert not track(STARTED, ended()).busy


def test_an_extract_load_schedule_has_its_own_state_id() -> None:
    tracker = track(
        line("Running extract & load...", name="meltano", state_id="daily"),
        line(f"METRIC: {metric(3)}", cmd_type="extractor", name="tap-a"),
        SAVED,
        line("Extract & load complete!", name="meltano"),
        arguments="tap-a target-b --state-id daily",
    )
    (pipeline,) = tracker.build_results()
    assert (pipeline.state_id, pipeline.state_saved, pipeline.extracted) == ("daily", True, 3)
    assert not tracker.busy


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"bookmarks": {"s": {"replication_key_value": "2026"}}}, {"s": "2026"}),
        ({"bookmarks": {"s": {"id": 7}}}, {"s": '{"id":7}'}),
        ({"bookmarks": {"s": {}, "t": {"id": 0}}}, {"t": '{"id":0}'}),
        ({"bookmarks": {"s": 5}}, {"s": "5"}),
        ({"bookmarks": []}, {}),
        ({"currently_syncing": "s"}, {}),
    ],
)
def test_bookmarks(state: dict[str, Any], found: dict[str, str]) -> None:
    assert bookmarks.format_bookmarks(state) == found


def test_a_long_bookmark_is_cut() -> None:
    assert len(bookmarks.format_bookmarks({"bookmarks": {"s": {"x": "y" * 999}}})["s"]) == 256


@pytest.mark.parametrize("text", ["{", "[1]", "open('/')", "{'a': __import__('os')}"])
def test_a_logged_state_is_read_as_a_literal_only(text: str) -> None:
    assert bookmarks.parse_logged_state(text) is None


FAILED = ended(success=False, err="Extractor failed", exit_codes={"extractors": 1})
TARGET_FAILED = ended(success=False, err="Loader failed", exit_codes={"loaders": 1})
DISCOVERY = (
    "Cannot start plugin tap-a: Catalog discovery failed: command ['/x/tap.py', '--discover'] "
    "returned 3 with stderr:\n %s"
)
TRACEBACK = [
    tap("Traceback (most recent call last):"),
    tap('  File "x.py", line 1, in <module>'),
    tap("requests.exceptions.HTTPError: 401 for url"),
]


@pytest.mark.parametrize(
    ("lines", "category", "plugin", "error"),
    [
        ([STARTED, *TRACEBACK, FAILED], Category.TAP_FAILED, "tap-a", "HTTPError: 401"),
        ([STARTED, tap("ERROR gone"), tap("bye"), FAILED], Category.TAP_FAILED, "tap-a", "gone"),
        ([STARTED, tap("just this"), FAILED], Category.TAP_FAILED, "tap-a", "just this"),
        (
            [STARTED, tap("x", plugin_exception={"type": "E", "message": "m"}), FAILED],
            Category.TAP_FAILED, "tap-a", "E: m",
        ),
        (
            [STARTED, tap("singer_sdk.exceptions.ConfigValidationError: Config validation failed"),
             FAILED],
            Category.CONFIG_INVALID, "tap-a", "Config validation failed",
        ),
        (
            [STARTED, target("OSError: [Errno 28] No space left on device"), TARGET_FAILED],
            Category.DISK_FULL, "target-b", "Errno 28",
        ),
        (
            [STARTED, target("ValueError: bad"), line("", "error", exception=[
                {"exc_type": "BrokenPipeError", "exc_value": ""}])],
            Category.TARGET_FAILED, "target-b", "ValueError: bad",
        ),
        *(
            ([STARTED, target("permission denied"), line(shown, "error")],
             Category.TARGET_FAILED, "target-b", "permission denied")
            for shown in ("[Errno 32] Broken pipe", "Connection lost")
        ),
        (
            [STARTED, tap("BrokenPipeError: x"), target("KeyError: 'a'"),
             ended(success=False, exit_codes={"extractors": -13, "loaders": 1})],
            Category.TARGET_FAILED, "target-b", "KeyError",
        ),
        (
            [STARTED, mapper("StreamMapConfigError: Invalid key properties"), mapper("bye"),
             line("done", producer=True, consumer=True, string_id="other"),
             ended(success=False, exit_codes=[{"map-c": 1}], err="Mappers failed")],
            Category.MAPPER_FAILED, "map-c", "StreamMapConfigError: Invalid key properties",
        ),
        (
            [STARTED, mapper("KeyError: 'id'"), tap("BrokenPipeError: [Errno 32] Broken pipe"),
             line("done", producer=True, consumer=True, string_id="other"),
             ended(success=False, exit_codes={"extractors": 1, "loaders": 1},
                   err="Unexpected completion sequence in ExtractLoadBlock set. Intermediate block "
                   "(likely a mapper) failed.")],
            Category.MAPPER_FAILED, "map-c", "KeyError: 'id'",
        ),
        (
            [STARTED, ended(success=False, exit_codes=[{"m": 1}])],
            Category.MAPPER_FAILED, "m", None,
        ),
        (
            [line("Block run completed", "error", success=False, block_type="InvokerCommand",
                  err="`dbt run` failed with exit code: 1", exit_codes={})],
            Category.UTILITY_FAILED, None, None,
        ),
        *(
            ([STARTED, line(DISCOVERY % shown, "error")], Category.TAP_FAILED, "tap-a",
             f"Cannot start plugin tap-a: Catalog discovery failed: {details}")
            for shown, details in {
                "no such table": "no such table",
                "Traceback (most recent call last):\n  File\nKeyError: 'id'\n": "KeyError: 'id'",
                "OSError: gone\nbye\n\n.\nFor more detailed log": "OSError: gone",
                "": "exit code 3, and no output",
            }.items()
        ),
        (["Error: Block tap-x not found"], Category.PLUGIN_MISSING, None, "Block tap-x"),
        (
            ["2026-01-01T00:00:00Z [error    ] meltano      while scanning a token",
             '  in "meltano.yml", line 3'],
            Category.CONFIG_INVALID, None, "line 3",
        ),
        (
            [line("Could not connect to the database after 3 attempts.", "error")],
            Category.STATE_BACKEND_UNAVAILABLE, None, "3 attempts",
        ),
        ([line("Environment 'x' was not found.", "error")], Category.CONFIG_INVALID, None, "'x'"),
        (
            [line("Environment variable 'SHOP_KEY' referenced but not set. Make sure", "error")],
            Category.VARIABLE_MISSING, None, "'SHOP_KEY' referenced but not set",
        ),
        (
            [line("Cannot start plugin tap-a: Environment variable 'A' referenced but not set. M",
                  "error")],
            Category.VARIABLE_MISSING, None, "Cannot start plugin tap-a",
        ),
        ([line("something new", "error")], Category.UNKNOWN, None, "something new"),
        ([], Category.UNKNOWN, None, None),
    ],
)  # fmt: skip
def test_reasons(
    lines: list[str], category: Category, plugin: str | None, error: str | None
) -> None:
    failure = classify_failure(track(*lines), 1, oom_killed=False)
    assert failure.category == category
    if plugin:
        assert failure.plugin == plugin
    if error:
        assert error in (failure.error or "")


@pytest.mark.parametrize("text", ALREADY_RUNNING)
def test_the_error_of_a_second_run_does_not_offer_force(text: str) -> None:
    failure = classify_failure(track(line(text, "error")), 1, oom_killed=False)
    assert failure.category == Category.ALREADY_RUNNING
    assert "--force" not in (failure.error or "")
    assert (failure.error or "").endswith(ALREADY_RUNNING[text])


def test_a_kernel_kill_is_out_of_memory_whatever_else_is_seen() -> None:
    failure = classify_failure(track(STARTED, *TRACEBACK, FAILED), 1, oom_killed=True)
    assert failure.category == Category.OUT_OF_MEMORY
    assert failure.plugin == "tap-a"


RATE_LIMITS = [
    # From reports about public taps and targets.
    "singer_sdk.exceptions.RetriableAPIError: 429 Client Error: Too Many Requests for path: /v1/a",
    "requests.exceptions.HTTPError: 429 Client Error:  for url: https://api.example.com/orders",
    "HTTPError: HTTP Error 429: TooManyRequests",
    "botocore.exceptions.ClientError: An error occurred (ThrottlingException) when calling Get",
    "simple_salesforce.exceptions.SalesforceRefusedRequest: REQUEST_LIMIT_EXCEEDED: TotalRequests",
    "github.GithubException.RateLimitExceededException: API rate limit exceeded for user ID 1",
    "google.api_core.exceptions.ResourceExhausted: rateLimitExceeded",
    "Exception: status code: 429, Retry-After: 120",
]


@pytest.mark.parametrize("text", RATE_LIMITS)
def test_a_rate_limit_is_told_from_other_errors(text: str) -> None:
    failure = classify_failure(track(STARTED, tap(f"ERROR {text}"), FAILED), 1, oom_killed=False)
    assert failure.category is Category.RATE_LIMITED


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'rate_limit'",
        "HTTPError: 401 for url: https://api.example.com/orders/429",
        "ValueError: row 429 has no id",
        "psycopg.errors.DiskFull: could not extend file",
    ],
)
def test_what_looks_like_a_rate_limit_is_none(text: str) -> None:
    failure = classify_failure(track(STARTED, tap(f"ERROR {text}"), FAILED), 1, oom_killed=False)
    assert failure.category is not Category.RATE_LIMITED


@pytest.mark.parametrize(
    ("lines", "killed", "error"),
    [
        ([FAILED], False, "stopped by SIGTERM"),
        ([], True, "stopped by SIGTERM; the grace period ended before the target had drained"),
        (
            [target("OSError: full"), ended(success=False, exit_codes={"loaders": 1})], False,
            "stopped by SIGTERM; target-b failed while it drained: OSError: full",
        ),
        (
            [line("Failed to persist incremental state to the backend", "error")], False,
            "stopped by SIGTERM; the state could not be saved",
        ),
    ],
)  # fmt: skip
def test_a_run_that_was_stopped_says_what_was_lost(
    lines: list[str], error: str, *, killed: bool
) -> None:
    stop = SimpleNamespace(
        reason="SIGTERM", interrupted=True, killed=killed, category=Category.STOPPED, plugin=None
    )
    supervisor: Any = SimpleNamespace(stop=stop)
    result = _build_result(track(STARTED, *lines), supervisor, 1, oom_killed=False)
    assert (result.category, result.error) == (Category.STOPPED, error)


def test_a_state_that_could_not_be_saved_is_no_success_of_the_target() -> None:
    lost = line("Failed to persist incremental state to the configured backend", "error")
    assert classify_failure(track(STARTED, lost), 1, oom_killed=False).category == (
        Category.STATE_BACKEND_UNAVAILABLE
    )


READ = (
    "Reader 'target-b' completed processing 9 lines of input "
    "(1 schemas, {} records, {} batch manifests, 2 state messages)."
)


class TestCounts:
    """What of a pipeline's records is known to have reached the target."""

    @pytest.fixture
    def start(self, tmp_path: Path) -> Callable[..., str]:
        def started(role: str, **config: Any) -> str:
            name = {"tap": "tap-a", "target": "target-b", "mapper": "mapper"}[role]
            (tmp_path / name).mkdir(exist_ok=True)
            file = tmp_path / name / f"{role}.01a22c92-94c6-756b-940b-38a3eb8619ab.config.json"
            file.write_text(json.dumps(config))
            return line(f"Invoking: ['/venv/bin/{name}', '--config', '{file}']", "debug")

        return started

    def counted(self, *lines: str) -> tuple[int | None, int | None, int | None]:
        (found,) = track(STARTED, *lines, ended()).build_results()
        return found.extracted, found.loaded, found.missing

    def exact(self, value: int, stream: str = "s") -> str:
        """Return a metric of the Singer SDK's, which counts what it writes."""
        return metric(value, stream).replace('"tags": {', '"tags": {"pid": 7, ')

    def test_a_target_that_reads_less_than_was_sent(self, start: Callable[..., str]) -> None:
        begun = (start("tap"), start("target"))
        sent = tap(f"METRIC: {self.exact(10)}")
        assert self.counted(*begun, sent, target(READ.format(10, 0))) == (10, 10, 0)
        assert self.counted(*begun, sent, target(READ.format(7, 0))) == (10, 7, 3)
        assert self.counted(*begun, sent, target(f"METRIC: {metric(6)}")) == (10, 6, 4)

    def test_older_targets_say_it_in_other_words(self, start: Callable[..., str]) -> None:
        old = "Target 'target-b' completed reading 9 lines of input (8 records, 1 state messages)."
        sent = tap(f"METRIC: {self.exact(8)}")
        assert self.counted(start("tap"), start("target"), sent, target(old)) == (8, 8, 0)

    def test_a_count_that_the_target_lost_is_none_that_it_did_not_load(
        self, start: Callable[..., str]
    ) -> None:
        lines = (tap(f"METRIC: {self.exact(10)}"), target(f"METRIC: {metric(4)}"))
        read = target(READ.format(10, 0))
        assert self.counted(start("tap"), start("target"), *lines, read) == (10, 10, 0)
        # With maps of its own it may have filtered them.
        maps = {"stream_maps": {"s": {"__filter__": "x"}}}
        assert self.counted(start("tap"), start("target", **maps), *lines, read) == (10, 4, 0)

    @pytest.mark.parametrize("role", ["tap", "mapper"])
    def test_what_may_drop_records_on_the_way_leaves_it_open(
        self, start: Callable[..., str], role: str
    ) -> None:
        begun = (start("tap"), start("target"), start(role, stream_maps={"s": None}))
        lines = (tap(f"METRIC: {self.exact(10)}"), target(READ.format(7, 0)))
        assert self.counted(*begun, *lines)[2] is None

    def test_so_do_counts_that_are_not_exact(self, start: Callable[..., str]) -> None:
        begun = (start("tap"), start("target"))
        # Other taps count as they see fit; files of records are counted by nobody.
        other = (tap(f"METRIC: {metric(10)}"), target(READ.format(7, 0)))
        assert self.counted(*begun, *other)[2] is None
        batches = (tap(f"METRIC: {self.exact(10)}"), target(READ.format(0, 2)))
        assert self.counted(*begun, *batches)[2] is None
        assert self.counted(*begun, tap(f"METRIC: {self.exact(10)}"))[2] is None
        assert self.counted(tap(f"METRIC: {self.exact(10)}"), target(READ.format(7, 0)))[2] is None

    def test_a_discovery_is_no_start(self, start: Callable[..., str]) -> None:
        discovery = start("tap").replace("]", ", '--discover']", 1)
        assert track(STARTED, discovery).build_results()[0].tap == "tap-a"
        assert not track(discovery).build_results()


def test_a_tap_with_nothing_to_move_is_refused_as_it_starts(tmp_path: Path) -> None:
    folder = tmp_path / "elt" / "daily" / "1"
    call = ["/venv/bin/tap-a", "--config", f"{folder}/tap.01a2.config.json"]
    calls: list[tuple[str, Path]] = []

    def find_rejection(tap: str, found: Path) -> str | None:
        calls.append((tap, found))
        return "no such stream"

    tracker = Tracker(
        parse_arguments(["tap-a", "target-b", "--state-id", "d"]), find_rejection=find_rejection
    )
    tracker.note(events.parse_line(line(f"Invoking: {call}", "debug")))
    assert (calls, tracker.rejection) == ([("tap-a", folder)], "no such stream")


def test_counts_of_all_pipelines() -> None:
    assert sum_counts([]) == (None, None)
    assert sum_counts([(1, 1), (2, 3)]) == (3, 4)
    assert sum_counts([(1, 1), (2, None)]) == (3, None)
    assert sum_counts([(None, None), (2, 3)]) == (2, None)
