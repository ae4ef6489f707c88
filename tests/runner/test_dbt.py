"""What is read of dbt's own results: its JSON files as dbt 1.11 writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.dbt import DbtNode, DbtResult
from meltano_runner.contract.message import MAX_BYTES, decode_result, encode_result
from meltano_runner.contract.result import Outcome, RunResult
from meltano_runner.run import dbt, events
from meltano_runner.run.classify import classify_failure
from meltano_runner.run.command import parse_arguments
from meltano_runner.run.redact import Redactor
from meltano_runner.run.tracker import Tracker

if TYPE_CHECKING:
    from pathlib import Path

MODEL: dict[str, Any] = {
    "status": "success",
    "execution_time": 0.25,
    "adapter_response": {"_message": "SELECT 8", "code": "SELECT", "rows_affected": 8},
    "message": "SELECT 8",
    "failures": None,
    "unique_id": "model.shop.revenue_by_country",
}
VIEW: dict[str, Any] = MODEL | {
    "execution_time": 0.5,
    "adapter_response": {"_message": "CREATE VIEW", "rows_affected": -1},
    "unique_id": "model.shop.stg_orders.v2",
}
PASSED: dict[str, Any] = MODEL | {
    "status": "pass",
    "adapter_response": {"rows_affected": 1},
    "failures": 0,
    "unique_id": "test.shop.unique_orders_order_id.3579d23017",
}
FAILED: dict[str, Any] = PASSED | {
    "status": "fail",
    "message": "Got 2 results, configured to fail if != 0",
    "failures": 2,
    "unique_id": "test.shop.no_lost_orders",
}
BROKEN: dict[str, Any] = MODEL | {
    "status": "error",
    "adapter_response": {},
    "message": "Database Error in model stg_orders (models/stg_orders.sql)\n"
    '  column "no" does not exist\n  LINE 18: select no\n                ^\n'
    "  compiled code at /tmp/x/stg_orders.sql",
    "unique_id": "model.shop.stg_orders",
}
SKIPPED: dict[str, Any] = MODEL | {"status": "skipped", "execution_time": 0, "adapter_response": {}}


FRESH: dict[str, Any] = {
    "unique_id": "source.shop.raw.customers",
    "max_loaded_at": "2026-11-28T16:01:31+00:00",
    "snapshotted_at": "2026-11-28T19:02:44+00:00",
    "max_loaded_at_time_ago_in_s": 10872.854517,
    "status": "pass",
    "criteria": {
        "warn_after": {"count": 6, "period": "hour"},
        "error_after": {"count": 2, "period": "day"},
        "filter": None,
    },
    "adapter_response": {"_message": "SELECT 1", "code": "SELECT", "rows_affected": 1},
    "execution_time": 0.25,
}
AGEING: dict[str, Any] = FRESH | {
    "unique_id": "source.shop.raw.orders",
    "max_loaded_at_time_ago_in_s": 36000.5,
    "status": "warn",
}
STALE: dict[str, Any] = AGEING | {"max_loaded_at_time_ago_in_s": 259272.9, "status": "error"}
UNASKED: dict[str, Any] = {
    "unique_id": "source.shop.raw.gone",
    "error": "Database Error in source gone\n  relation does not exist",
    "status": "runtime error",
}


def artifact(*results: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {"results": results, "elapsed_time": 1.5, "args": {"which": "build"}, **more}
    )  # fmt: skip


def freshness(*results: dict[str, Any]) -> str:
    return json.dumps({"metadata": {}, "results": results, "elapsed_time": 2.5})


def read(
    folder: Path, text: str, *secrets: str, name: str = "run_results.json"
) -> DbtResult | None:
    results = dbt.ArtifactReader({"DBT_TARGET_PATH": str(folder)})
    (folder / name).write_text(text)
    return results.read("dbt-postgres", Redactor(secrets))


def test_each_node_has_what_dbt_tells(tmp_path: Path) -> None:
    result = read(tmp_path, artifact(MODEL, VIEW, PASSED, FAILED))
    assert result == DbtResult(
        "dbt-postgres",
        "build",
        1.5,
        {"fail": 1, "pass": 1, "success": 2},
        (
            DbtNode("no_lost_orders", "test", "fail", 0.25, None, 2, FAILED["message"]),
            DbtNode("stg_orders.v2", "model", "success", 0.5),
            DbtNode("revenue_by_country", "model", "success", 0.25, 8),
            DbtNode("unique_orders_order_id", "test", "pass", 0.25, None, 0),
        ),
    )


def test_a_source_tells_how_old_its_newest_row_is(tmp_path: Path) -> None:
    result = read(tmp_path, freshness(FRESH, AGEING), name="sources.json")
    assert result == DbtResult(
        "dbt-postgres",
        "source freshness",
        2.5,
        {"pass": 1, "warn": 1},
        (
            DbtNode(
                "raw.orders", "source", "warn", 0.25,
                message="its newest row, of 2026-11-28T16:01:31+00:00, is 10:00:00 old; "
                "warn_after: 6 hour",
            ),
            DbtNode("raw.customers", "source", "pass", 0.25),
        ),
    )  # fmt: skip
    assert not result.failed


@pytest.mark.parametrize(
    ("nodes", "category", "error"),
    [
        (
            [FRESH, STALE], Category.DBT_TEST_FAILED,
            "of 2026-11-28T16:01:31+00:00, is 3 days, 0:01:12 old; error_after: 2 day",
        ),
        ([STALE, UNASKED], Category.DBT_MODEL_FAILED, "Database Error in source gone relation"),
    ],
)  # fmt: skip
def test_a_stale_source_fails_for_its_data(
    tmp_path: Path, nodes: list[dict[str, Any]], category: Category, error: str
) -> None:
    tracker = track(read(tmp_path, freshness(*nodes), name="sources.json"))
    failure = classify_failure(tracker, 1, oom_killed=False)
    assert failure.category is category
    assert error in (failure.error or "")


def test_an_error_is_one_line_without_what_helps_nobody(tmp_path: Path) -> None:
    result = read(tmp_path, artifact(BROKEN))
    assert result is not None
    assert result.nodes[0].message == (
        "Database Error in model stg_orders (models/stg_orders.sql) "
        'column "no" does not exist LINE 18: select no'
    )


def test_no_secret_comes_out_of_it(tmp_path: Path) -> None:
    secret = 's3cr3t"\\ü'
    result = read(tmp_path, artifact(BROKEN | {"message": f"no login with {secret}"}), secret)
    assert result is not None
    assert result.nodes[0].message == "no login with ***"


def test_results_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "run_results.json").write_text(artifact(FAILED))  # an earlier run's
    results = dbt.ArtifactReader({"DBT_TARGET_PATH": str(tmp_path)})
    assert results.read("dbt", str) is None
    (tmp_path / "run_results.json").write_text(artifact(MODEL, PASSED))
    assert results.read("dbt", str) is not None
    assert results.read("dbt", str) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": [{}]}', '{"results": 1}'])
def test_another_schema_is_no_failure(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) is None


def test_dbt_writes_to_the_runs_folder_unless_told_otherwise(tmp_path: Path) -> None:
    own = dbt.build_environment(tmp_path, {"DBT_LOG_PATH": "/logs", "DBT_TARGET_PATH": ""})
    assert own["DBT_TARGET_PATH"] == str(tmp_path / "target")
    assert "DBT_LOG_PATH" not in own


def track(result: DbtResult | None, *, code: int = 1, output: tuple[str, ...] = ()) -> Tracker:
    tracker = Tracker(parse_arguments(["dbt:build"]), read_dbt=lambda _: result)
    for text in (*output, "Done. PASS=8 WARN=0 ERROR=0 SKIP=0"):
        line = {"event": text, "cmd_type": "command", "name": "dbt", "stdio": "stderr"}
        tracker.note(events.parse_line(json.dumps(line)))
    end = {
        "event": "Block run completed",
        "block_type": "InvokerCommand",
        "success": code == 0,
        "err": f"`dbt build` failed with exit code: {code}",
        "exit_codes": {},
    }
    tracker.note(events.parse_line(json.dumps(end)))
    return tracker


@pytest.mark.parametrize(
    ("nodes", "category", "error"),
    [
        ([FAILED, MODEL], Category.DBT_TEST_FAILED, "test no_lost_orders: fail: Got 2 results"),
        ([BROKEN, SKIPPED], Category.DBT_MODEL_FAILED, "model stg_orders: error: Database Error"),
        # The model is why.
        ([FAILED, BROKEN], Category.DBT_MODEL_FAILED, "model stg_orders: error"),
        (
            [FAILED, FAILED | {"unique_id": "test.shop.z", "execution_time": 0}],
            Category.DBT_TEST_FAILED, "configured to fail if != 0 (and 1 more)",
        ),
        # All went well, and then a hook did not.
        ([MODEL], Category.UTILITY_FAILED, "(exit code 1)"),
    ],
)  # fmt: skip
def test_why_dbt_failed(
    tmp_path: Path, nodes: list[dict[str, Any]], category: Category, error: str
) -> None:
    tracker = track(read(tmp_path, artifact(*nodes)))
    failure = classify_failure(tracker, 1, oom_killed=False)
    assert (failure.category, failure.plugin) == (category, "dbt")
    assert error in (failure.error or "")


@pytest.mark.parametrize(
    ("output", "category"),
    [
        (("Database Error", "  connection to server failed"), Category.UTILITY_FAILED),
        (
            ("Parsing Error", "  Env var required but not provided: 'DBT_HOST'"),
            Category.VARIABLE_MISSING,
        ),
        (
            ("Runtime Error", "  dbt found 1 package(s) specified in packages.yml, but only 0"),
            Category.PLUGIN_MISSING,
        ),
    ],
)
def test_an_error_before_any_node(output: tuple[str, ...], category: Category) -> None:
    tracker = track(None, code=2, output=("12:00:00  Encountered an error:", *output))
    failure = classify_failure(tracker, 1, oom_killed=False)
    assert failure.category is category
    assert failure.error is not None
    assert failure.error.startswith(f"{output[0]}: {output[1].strip()}")


def test_a_success_is_kept_too(tmp_path: Path) -> None:
    tracker = track(read(tmp_path, artifact(MODEL, PASSED)), code=0)
    assert [each.describe() for each in tracker.dbt] == [
        "dbt-postgres build: 2 nodes, 1 pass, 1 success"
    ]
    assert not tracker.exit_codes


def test_colours_and_counts_do_not_mislead() -> None:
    line = {"event": "\x1b[0m12:00  [\x1b[32mPASS\x1b[0m] WARN=0 ERROR=0", "name": "dbt"}
    event = events.parse_line(json.dumps(line))
    assert (event.level, event.text) == ("INFO", "12:00  [PASS] WARN=0 ERROR=0")


def many(count: int, failed: int) -> RunResult:
    nodes = [
        DbtNode(f"a_model_with_a_rather_long_name_{number}", "model", "success", float(number))
        for number in range(count)
    ]
    nodes += [
        DbtNode(f"a_test_{number}", "test", "fail", 0.0, None, 1, 'found "é"\n' * 20)
        for number in range(failed)
    ]
    commands = [DbtResult.from_nodes("dbt", each, 1.0, nodes) for each in ("run", "test")]
    return RunResult(
        Outcome.FAILED, 1, Category.DBT_TEST_FAILED, error="x" * 500, dbt=tuple(commands)
    )


@pytest.mark.parametrize(("count", "failed"), [(0, 400), (2000, 3), (2000, 0), (3, 1)])
def test_failures_come_first_in_a_message_then_the_slowest(count: int, failed: int) -> None:
    full = many(count, failed)
    text = encode_result(full)
    assert len(text) <= MAX_BYTES
    short = decode_result(text)
    assert short.dbt_omitted == 0
    for command in short.dbt:
        assert len(command.nodes) + command.nodes_omitted == count + failed
        assert sum(command.counts.values()) == count + failed
    assert short.dbt[-1].nodes[0].failed is (failed > 0)
    if failed == 3:
        assert len(short.dbt[-1].failed) == 3
        assert short.dbt[-1].nodes[3].seconds == count - 1
    assert encode_result(short) == text
    assert decode_result(encode_result(full, max_bytes=None)) == full


def test_of_many_commands_the_last_stay() -> None:
    full = many(10, 1)
    commands = tuple(
        DbtResult.from_nodes("dbt", f"run {number}", 1.0, list(full.dbt[0].nodes))
        for number in range(200)
    )
    short = decode_result(text := encode_result(RunResult(Outcome.FAILED, 1, dbt=commands)))
    assert len(text) <= MAX_BYTES
    assert short.dbt[-1].command == "run 199"
    assert len(short.dbt) + short.dbt_omitted == 200
