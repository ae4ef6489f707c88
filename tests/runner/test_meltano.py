"""The runner with Meltano itself, tap-csv and target-jsonl."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome

from tests.docs.blocks import code_blocks
from tests.runner.pipeline import BIN, PROJECT, Pipeline, stamp
from tests.support.checkout import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_runner.contract.result import RunResult

pytestmark = pytest.mark.meltano

RUN = ("tap-csv", "target-jsonl")
EL = (*RUN, "--state-id", "daily")
ROWS = 500
MANY = 400_000


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    pipeline = Pipeline(tmp_path)
    pipeline.write_rows(ROWS)
    return pipeline


@pytest.mark.parametrize(
    ("arguments", "plain", "state_id"),
    [
        (EL, ("schedule", "run", "daily"), "daily"),
        (RUN, ("run", "--no-install", *RUN), "dev:tap-csv-to-target-jsonl"),
    ],
    ids=["el", "run"],
)
def test_each_run_moves_what_is_new_and_continues_the_state_of_plain_meltano(
    pipeline: Pipeline, arguments: tuple[str, ...], plain: tuple[str, ...], state_id: str
) -> None:
    first = pipeline.run(*arguments)
    assert (first.outcome, first.exit_code, first.extracted) == (Outcome.SUCCEEDED, 0, ROWS)
    (moved,) = first.pipelines
    assert (moved.tap, moved.target, moved.state_id) == ("tap-csv", "target-jsonl", state_id)
    assert moved.state_saved
    assert moved.streams[0].bookmark == stamp(ROWS)
    assert pipeline.bookmark(state_id) == ROWS
    assert first.peak_memory_bytes

    pipeline.write_rows(5, first=ROWS + 1)
    assert pipeline.start("meltano", *plain).wait(60) == 0, pipeline.log()
    assert pipeline.numbers() == list(range(1, ROWS + 6))

    pipeline.write_rows(10, first=ROWS + 6)
    third = pipeline.run(*arguments)
    assert third.extracted == 10
    (stream,) = third.pipelines[0].streams
    assert (stream.bookmark_before, stream.bookmark) == (stamp(ROWS + 5), stamp(ROWS + 15))
    assert stream.columns == {
        "order_id": "integer", "customer": "string", "note": "string", "updated_at": "date-time",
    }  # fmt: skip
    assert pipeline.numbers() == list(range(1, ROWS + 16))

    # No new rows are not a failure; only a full refresh moves all rows again.
    assert pipeline.run(*arguments).extracted == 0
    assert pipeline.run(*arguments, "--full-refresh").extracted == ROWS + 15


def test_a_state_backend_keeps_the_state_of_pods_whose_database_ends_with_them(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    backend = f"file://{tmp_path / 'state'}"

    def pod(number: int) -> RunResult:
        database = f"sqlite:///{tmp_path / f'pod-{number}.db'}"
        env = {"MELTANO_DATABASE_URI": database, "MELTANO_STATE_BACKEND_URI": backend}
        return pipeline.run(*EL, **env)

    first = pod(1)
    assert (first.outcome, first.extracted) == (Outcome.SUCCEEDED, ROWS)
    assert first.pipelines[0].state_saved
    pipeline.write_rows(10, first=ROWS + 1)
    assert pod(2).extracted == 10


def test_a_job_runs_by_its_name_and_without_state_says_so(pipeline: Pipeline) -> None:
    result = pipeline.run("csv-to-json", "--no-state-update")
    assert (result.outcome, result.extracted) == (Outcome.SUCCEEDED, ROWS)
    assert not result.pipelines[0].state_saved
    again = pipeline.run("csv-to-json")
    assert (again.extracted, again.pipelines[0].target) == (ROWS, "target-jsonl")


@pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
def test_a_green_runs_log_is_short_and_says_nothing_twice(
    pipeline: Pipeline, arguments: tuple[str, ...]
) -> None:
    assert pipeline.run(*arguments).outcome is Outcome.SUCCEEDED
    *lines, _result = pipeline.log().splitlines()
    # The launcher adds the command, a line for each stream and the summary.
    assert len(lines) <= 12 - 3, lines
    assert len(set(lines)) == len(lines), lines
    assert any("Beginning sync of 'orders'" in each for each in lines)


@pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
def test_a_failed_runs_log_ends_with_the_cause(
    pipeline: Pipeline, arguments: tuple[str, ...]
) -> None:
    pipeline.source.unlink()
    pipeline.run(*arguments)
    *lines, cause, hint, _result = pipeline.log().splitlines()
    assert cause.startswith("ERROR meltano-runner: tap_failed: ")
    assert str(pipeline.source) in cause
    assert hint.startswith("ERROR meltano-runner: ")
    assert "meltano invoke" in hint
    text = "\n".join(lines)
    # Neither what Meltano has kept of it in a folder that is gone, nor all of it again.
    for noise in ("elt.log", "melta.no", "log-level=debug", "Run completed"):
        assert noise not in text
    assert len(set(lines)) == len(lines), text


def test_a_timeout_keeps_what_was_moved(pipeline: Pipeline) -> None:
    pipeline.write_rows(MANY)
    # On a busy machine the first timeout may fall before the first row: then a longer one.
    for seconds in ("8", "20", "60"):
        result = pipeline.run(*EL, "--timeout", seconds)
        assert (result.outcome, result.category) == (Outcome.STOPPED, Category.TIMED_OUT)
        moved = len(pipeline.numbers())
        assert pipeline.bookmark("daily") == moved
        assert (result.extracted or 0) == moved  # not counted before the tap has begun
        if moved:
            break
        (pipeline.folder / "meltano.db").unlink(missing_ok=True)  # it may be half made
    assert 0 < moved < MANY


class TestFailures:
    """Each ends failed, under the right name, with the plugin's own words."""

    @pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
    def test_malformed_row(self, pipeline: Pipeline, arguments: tuple[str, ...]) -> None:
        with pipeline.source.open("a") as file:
            file.write("one,field too,few\n")
        result = pipeline.run(*arguments)
        assert (result.category, result.failed_plugin) == (Category.TAP_FAILED, "tap-csv")
        assert "rows.csv" in (result.error or "")
        assert f"{ROWS + 2}" in (result.error or "")

    def test_unreadable_file(self, pipeline: Pipeline) -> None:
        pipeline.source.unlink()
        result = pipeline.run(*EL)
        assert (result.category, result.failed_plugin) == (Category.TAP_FAILED, "tap-csv")
        assert str(pipeline.source) in (result.error or "")

    @pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
    def test_target(self, pipeline: Pipeline, arguments: tuple[str, ...]) -> None:
        pipeline.output.parent.write_text("a file where a folder should be")
        result = pipeline.run(*arguments)
        assert (result.category, result.failed_plugin) == (Category.TARGET_FAILED, "target-jsonl")
        assert "File exists" in (result.error or "")

    def test_full_disk(self, pipeline: Pipeline) -> None:
        pipeline.output.parent.mkdir()
        pipeline.output.symlink_to("/dev/full")
        result = pipeline.run(*RUN)
        assert (result.category, result.failed_plugin) == (Category.DISK_FULL, "target-jsonl")
        assert "No space left on device" in (result.error or "")

    def test_bad_setting(self, pipeline: Pipeline) -> None:
        result = pipeline.run(*RUN, TAP_CSV_INFER_ROWS="-1")
        assert (result.category, result.failed_plugin) == (Category.CONFIG_INVALID, "tap-csv")
        assert "infer_rows" in (result.error or "")

    def test_unknown_plugin(self, pipeline: Pipeline) -> None:
        result = pipeline.run("tap-nope", "target-jsonl")
        assert result.category is Category.PLUGIN_MISSING
        assert "tap-nope" in (result.error or "")

    @pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
    def test_plugin_that_is_not_installed(
        self, pipeline: Pipeline, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        (project := tmp_path / "bare").mkdir()
        shutil.copy(PROJECT / "meltano.yml", project)
        shutil.copytree(PROJECT / "plugins", project / "plugins")
        own = {"MELTANO_PROJECT_ROOT": str(project), "MELTANO_SYS_DIR_ROOT": f"{project}/.meltano"}
        result = pipeline.run(*arguments, **own)
        assert result.category is Category.PLUGIN_MISSING
        assert "tap-csv" in (result.error or "")

    @pytest.mark.parametrize("flags", ["", "ff: {strict_env_var_mode: true}"])
    def test_missing_variable(self, pipeline: Pipeline, tmp_path: Path, flags: str) -> None:
        """The same whether Meltano would say so itself, as it does in its strict mode, or not."""
        (project := tmp_path / "unset").mkdir()
        shutil.copytree(PROJECT / "plugins", project / "plugins")
        text = (PROJECT / "meltano.yml").read_text()
        assert "do_timestamp_file: false" in text
        text = text.replace("do_timestamp_file: false", "do_timestamp_file: $STAMPED")
        (project / "meltano.yml").write_text(f"{text}\n{flags}\n")
        result = pipeline.run("csv-to-json", MELTANO_PROJECT_ROOT=str(project))
        assert (result.category, result.failed_plugin) == (
            Category.VARIABLE_MISSING,
            "target-jsonl",
        )
        assert (result.error or "").startswith("the variable STAMPED is not set")
        assert "`do_timestamp_file`" in (result.error or "")

    @pytest.mark.parametrize("arguments", [EL, RUN], ids=["el", "run"])
    def test_a_filter_that_no_stream_matches(
        self, pipeline: Pipeline, arguments: tuple[str, ...]
    ) -> None:
        result = pipeline.run(*arguments, TAP_CSV__SELECT_FILTER='["ordrs"]')
        assert (result.category, result.failed_plugin) == (Category.CONFIG_INVALID, "tap-csv")
        assert "no stream `ordrs`; did you mean `orders`?" in (result.error or "")
        assert not result.pipelines[0].state_saved
        assert not pipeline.numbers()
        # It left no run behind that Meltano would take to be under way.
        assert pipeline.run(*arguments).extracted == ROWS
        assert pipeline.bookmark(result.pipelines[0].state_id or "") == ROWS

    def test_nothing_selected(self, pipeline: Pipeline) -> None:
        result = pipeline.run(*RUN, TAP_CSV__SELECT='["ordrs.*"]')
        assert result.category is Category.CONFIG_INVALID
        words = "the setting `select` of tap-csv leaves no stream to extract: "
        assert (result.error or "").startswith(words)
        assert "no stream `ordrs`; did you mean `orders`?" in (result.error or "")
        assert not result.pipelines[0].state_saved

    def test_broken_project(self, pipeline: Pipeline, tmp_path: Path) -> None:
        (project := tmp_path / "broken").mkdir()
        (project / "meltano.yml").write_text("plugins:\n  extractors: [\n")
        result = pipeline.run(*RUN, MELTANO_PROJECT_ROOT=str(project))
        assert result.category is Category.CONFIG_INVALID
        assert "meltano.yml" in (result.error or "")

    def test_unknown_environment(self, pipeline: Pipeline) -> None:
        result = pipeline.run(*RUN, MELTANO_ENVIRONMENT="staging")
        assert result.category is Category.CONFIG_INVALID
        assert "staging" in (result.error or "")

    def test_system_database_out_of_reach(self, pipeline: Pipeline) -> None:
        result = pipeline.run(
            *RUN, MELTANO_DATABASE_URI="sqlite:////nowhere/meltano.db",
            MELTANO_DATABASE_MAX_RETRIES="1", MELTANO_DATABASE_RETRY_TIMEOUT="1",
        )  # fmt: skip
        assert result.category is Category.STATE_BACKEND_UNAVAILABLE

    def test_another_run_is_under_way(self, pipeline: Pipeline) -> None:
        pipeline.write_rows(100_000)
        first = pipeline.start("meltano-runner", "run", *EL)
        wait_for("its sync", lambda: "Beginning sync" in pipeline.log(), 60)
        # While the second is tried, the first need not work.
        (tap,) = pipeline.processes("extractors/tap-csv")
        tap.suspend()
        second = pipeline.run(*EL)
        tap.resume()
        first.terminate()
        assert first.wait(60) == 143
        assert second.category is Category.ALREADY_RUNNING
        assert "daily" in (second.error or "")
        assert "--force" not in (second.error or "")


def test_no_secret_is_shown(pipeline: Pipeline) -> None:
    secret = "s3cr3t/p@ss word"
    result = pipeline.run(
        *RUN, TAP_CSV_PATH=f"/nowhere/{secret}.csv", TAP_CSV_PASSWORD=secret,
        MELTANO_CLI_LOG_LEVEL="debug",
    )  # fmt: skip
    assert result.category is Category.TAP_FAILED
    assert "***" in (result.error or "")
    assert secret not in pipeline.log() + pipeline.result_file.read_text()


def test_the_version_of_meltano_is_the_one_all_this_was_written_for() -> None:
    command = [str(BIN / "meltano"), "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "4.4.1" in shown.stdout, "look again at run/events.py, tracker.py and classify.py"


def test_the_commands_of_the_runners_page(pipeline: Pipeline) -> None:
    (block,) = code_blocks(ROOT / "docs" / "reference" / "runner.md", "bash")
    for command in block.splitlines():
        name, run, *arguments = command.split()
        assert (name, run) == ("meltano-runner", "run")
        assert pipeline.run(*arguments).outcome is Outcome.SUCCEEDED, pipeline.log()
