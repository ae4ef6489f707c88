"""The result: its content, how it is shortened, what is rejected."""

import json
from dataclasses import replace

import pytest
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.message import (
    MAX_BYTES,
    RESULT_KEY,
    decode_log_lines,
    decode_result,
    encode_log_line,
    encode_result,
    restore_result,
)
from meltano_runner.contract.result import (
    Outcome,
    PipelineResult,
    ResultError,
    RunResult,
    StreamResult,
)

SMALL = RunResult(
    outcome=Outcome.FAILED,
    exit_code=1,
    category=Category.TAP_FAILED,
    failed_plugin="tap-csv",
    error="ValueError: no",
    extracted=3,
    seconds=1.25,
    peak_memory_bytes=1 << 20,
    pipelines=(
        PipelineResult(
            tap="tap-csv",
            target="target-jsonl",
            state_id="dev:tap-csv-to-target-jsonl",
            state_saved=True,
            streams=(
                StreamResult("orders", 3, None, "2026-01-01", "2025-12-31", {"id": "integer"}),
            ),
        ),
    ),
)


def many_streams(count: int, name: str = "stream") -> RunResult:
    streams = tuple(StreamResult(f"{name}_{number}", number) for number in range(count))
    return replace(SMALL, pipelines=(replace(SMALL.pipelines[0], streams=streams),))


def test_a_small_result_comes_back_as_it_was() -> None:
    assert decode_result(encode_result(SMALL)) == SMALL


def test_the_log_line_is_read_as_well() -> None:
    assert decode_result(f'{{"{RESULT_KEY}": {encode_result(SMALL, max_bytes=None)}}}') == SMALL
    assert decode_result(encode_log_line(SMALL, 3)) == SMALL
    assert decode_log_lines(encode_log_line(SMALL, 3)) == 3


def test_unknown_keys_are_ignored() -> None:
    data = json.loads(encode_result(SMALL)) | {"new": 1}
    assert decode_result(json.dumps(data)) == SMALL


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not JSON"),
        ("[]", "object"),
        ('{"version": 2}', "version 2"),
        ('{"version": 1}', "outcome"),
        ('{"version": 1, "outcome": "fine", "exit_code": 0}', "fine"),
        ('{"version": 1, "outcome": "failed", "exit_code": 1, "category": "odd"}', "odd"),
        ('{"version": 1, "outcome": "failed", "exit_code": 1, "pipelines": [1]}', "int"),
    ],
)
def test_other_text_is_refused_with_a_reason(text: str, word: str) -> None:
    with pytest.raises(ResultError, match=word):
        decode_result(text)


def test_500_streams_of_long_names_fit_and_the_largest_are_kept() -> None:
    result = decode_result(
        text := encode_result(many_streams(500, "a_stream_with_a_rather_long_name" * 3))
    )
    assert len(text.encode()) <= MAX_BYTES
    (pipeline,) = result.pipelines
    assert pipeline.streams[0].extracted == 499
    assert len(pipeline.streams) + pipeline.streams_omitted == 500
    assert len(pipeline.streams) > 10
    assert result.extracted == SMALL.extracted


def test_the_log_completes_what_was_cut_but_does_not_replace_it() -> None:
    full = many_streams(500)
    short = decode_result(encode_result(full))
    assert short != full
    assert restore_result(short, full).pipelines[0].streams_omitted == 0
    assert restore_result(short, None) == short
    assert restore_result(short, replace(full, extracted=4)) == short
    assert restore_result(SMALL, replace(SMALL, exit_code=0)) == SMALL


def test_columns_give_way_to_streams() -> None:
    columns = {f"column_{number}": "string" for number in range(400)}
    streams = tuple(StreamResult(f"s{number}", number, columns=columns) for number in range(9))
    full = replace(SMALL, pipelines=(replace(SMALL.pipelines[0], streams=streams),))
    (pipeline,) = decode_result(encode_result(full)).pipelines
    assert pipeline.streams_omitted == 0
    assert {stream.columns for stream in pipeline.streams} == {None}


def test_the_whole_result_holds_every_stream() -> None:
    assert (
        len(decode_result(encode_result(many_streams(500), max_bytes=None)).pipelines[0].streams)
        == 500
    )


@pytest.mark.parametrize(
    "result",
    [
        replace(SMALL, error="é\u2028\n\x00" * 5000),
        replace(SMALL, error="x" * 100_000, failed_plugin="p" * 9000),
        many_streams(3, "名前" * 3000),
        replace(SMALL, pipelines=SMALL.pipelines * 200),
        replace(SMALL, pipelines=(replace(SMALL.pipelines[0], tap="t" * 9000),) * 3),
        replace(many_streams(500), error='"' * 9000),
    ],
    ids=["unicode", "long-error", "long-names", "many-pipelines", "long-tap", "quotes"],
)
def test_any_result_fits_and_can_be_read(result: RunResult) -> None:
    text = encode_result(result)
    assert len(text.encode()) <= MAX_BYTES
    assert "\n" not in text
    back = decode_result(text)
    assert (back.outcome, back.category, back.extracted) == (result.outcome, result.category, 3)
    assert len(back.pipelines) + back.pipelines_omitted == len(result.pipelines)


def test_every_category_is_explained() -> None:
    assert set(CATEGORIES) == set(Category)
    for info in CATEGORIES.values():
        assert info.summary.endswith(".")
        assert len(info.hint) > 20


def test_a_hint_names_no_option_that_nobody_can_pass() -> None:
    """Runs are started by Airflow, `make run` and `meltano-pods run`, none of which has these."""
    for info in CATEGORIES.values():
        assert "--force" not in info.summary + info.hint


@pytest.mark.parametrize("category", [Category.STOPPED, Category.TIMED_OUT])
def test_a_stopped_run_is_not_said_to_have_a_state(category: Category) -> None:
    """It may have been stopped before the target confirmed anything; `run:` says what was saved."""
    assert "state" not in CATEGORIES[category].summary
    assert "the last saved state" in CATEGORIES[category].hint
