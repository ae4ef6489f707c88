"""What a log at `info` leaves out, and what it never does."""

from __future__ import annotations

import pytest
from meltano_runner.run.events import Event, format_event, parse_line
from meltano_runner.run.noise import NoiseFilter

FILE = "/p/.meltano/loaders/target-a/venv/lib/python3.11/site-packages/a/sinks.py"


def shown(*events: Event) -> list[str]:
    noise = NoiseFilter()
    left = [noise.filter_event(event) for event in events]
    return [format_event(event) for event in left if event is not None]


def plugin(text: str, source: str = "target-a", level: str = "INFO") -> Event:
    return Event(level, source, text)


def meltano(text: str, level: str = "INFO", **fields: object) -> Event:
    return Event(level, "meltano", text, fields)


@pytest.mark.parametrize(
    "text",
    [
        "Using systemdb state backend",
        "Using S3StateStoreManager state backend",
        "Reading state from AWS S3",
        "Block run completed",
        "Need help fixing this problem? Visit https://melta.no/ for troubleshooting steps, or ...",
    ],
)
def test_lines_of_meltano_that_tell_nothing(text: str) -> None:
    assert shown(meltano(text), meltano(text, "ERROR")) == []


@pytest.mark.parametrize(
    "text",
    [
        "No state was found, complete import.",
        "Stream `x` was not found in the catalog",
        "Running x",
    ],
)
def test_other_lines_of_meltano_stay(text: str) -> None:
    assert shown(meltano(text, "WARNING")) == [f"WARNING meltano: {text}"]


@pytest.mark.parametrize(
    "text",
    ["Skipping parse of env var settings...", "Skipping deselected stream 'information_schema-x'."],
)
def test_lines_of_the_sdk_that_tell_nothing(text: str) -> None:
    assert shown(plugin(text)) == []
    assert shown(plugin(f"Row 7: {text}"))


@pytest.mark.parametrize(
    "kind",
    [
        "DeprecationWarning",
        "PendingDeprecationWarning",
        "SyntaxWarning",
        "singer_sdk.helpers._compat.SingerSDKDeprecationWarning",
        "CryptographyDeprecationWarning",
        "RemovedInMarshmallow4Warning",
        "MovedIn20Warning",
    ],
)
def test_warnings_for_a_plugins_developers_go_with_their_line_of_source(kind: str) -> None:
    warning = plugin(f"{FILE}:12: {kind}: utcnow() is deprecated")
    other = plugin("Draining", source="tap-b")
    after = plugin("  at = utcnow()")
    assert shown(warning, other, after, after) == [
        "INFO tap-b: Draining",
        "INFO target-a:   at = utcnow()",
    ]
    assert shown(warning, plugin("Draining")) == ["INFO target-a: Draining"]
    of_meltano = meltano(f"/m/core/yaml/canonical.py:86: {kind}: `version` is deprecated")
    assert shown(of_meltano, other, meltano("  instance = super().__call__(*args)")) == [
        "INFO tap-b: Draining"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{FILE}:113: UserWarning: The property `output_path_prefix` is deprecated.",
        f"{FILE}:7: RuntimeWarning: overflow encountered in multiply",
        f"{FILE}:7: urllib3.exceptions.InsecureRequestWarning: Unverified HTTPS request",
        f"{FILE}:7: ResourceWarning: unclosed file",
    ],
)
def test_warnings_that_a_user_can_act_on_stay_as_warnings(text: str) -> None:
    source = "  output_file = self.output_file"
    lines = [
        f'{{"event": "{each}", "level": "info", "string_id": "target-a"}}'
        for each in (text, source)
    ]
    assert shown(*map(parse_line, lines)) == [
        f"WARNING target-a: {text}",
        f"INFO target-a: {source}",
    ]


def test_a_word_in_a_message_makes_no_warning_of_it() -> None:
    text = "DeprecationWarning: this API is retired in June"
    assert shown(plugin(text), plugin("  indented")) == [
        f"INFO target-a: {text}",
        "INFO target-a:   indented",
    ]


def test_a_failed_discovery_is_told_once_without_all_the_tap_wrote() -> None:
    written = 'Traceback (most recent call last):\n  File "x.py"\nAssertionError: no password'
    call = "['/p/tap-a', '--config', '/tmp/gone/tap.json', '--discover']"
    text = f"Catalog discovery failed: command {call} returned 1 with stderr:\n {written}"
    advice = (
        "\n.\nFor more detailed log messages re-run the command using 'meltano --log-level=debug'"
    )
    chain = [
        {"exc_type": "RunnerError", "exc_value": f"Cannot start extractor: {text}"},
        {"exc_type": "PluginExecutionError", "exc_value": text},
    ]
    event = meltano(f"ELT could not be completed: {text}{advice}", "ERROR", exception=chain)
    (only,) = shown(event)
    assert only.startswith("ERROR meltano: ELT could not be completed: Catalog discovery failed: ")
    assert only.endswith("failed: AssertionError: no password")


def test_an_exception_that_says_more_stays() -> None:
    chain = [
        {"exc_type": "RunnerError", "exc_value": "Run failed."},
        {"exc_type": "OSError", "exc_value": "disk full"},
        {"exc_type": "FileNotFoundError", "exc_value": "No such file: '/tmp/meltano-run-1/gone'"},
    ]
    assert shown(meltano("Run failed", "ERROR", exception=chain)) == [
        "ERROR meltano: Run failed\nERROR meltano: OSError: disk full"
    ]


def test_a_pipelines_state_is_said_to_be_saved_once() -> None:
    text = "Incremental state has been updated at 2026-11-30 13:0{}:49.008646+00:00."
    saved = [meltano(text.format(minute)) for minute in range(4)]
    assert shown(*saved[:2], meltano("Block run completed"), *saved[2:]) == [
        f"INFO meltano: {saved[0].text}",
        f"INFO meltano: {saved[2].text}",
    ]
