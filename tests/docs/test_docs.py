"""The pages say what the code does, and lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from meltano_pods.failures import build_error
from meltano_pods.notify.notification import Notification
from meltano_pods.notify.recipients import resolve_routing
from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.settings.types.notify import CHANNELS
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.message import decode_result
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

from tests.docs.blocks import PAGES, code_blocks
from tests.docs.tutorial import Typed
from tests.support.checkout import ROOT
from tests.support.records import make_record
from tools import reference

PLUGINS = (
    "plugins:\n  extractors:\n  - name: tap-csv\n    namespace: tap_csv\n"
    "  loaders:\n  - name: target-jsonl\n    namespace: target_jsonl\n"
)


def test_generated_pages_are_what_the_code_says() -> None:
    for path, text in reference.pages().items():
        assert path.read_text() == text, "run `make docs`"


def test_every_setting_is_in_one_group() -> None:
    grouped = [name for names in reference.SETTINGS.values() for name in names]
    assert sorted(grouped) == sorted(Settings.model_fields)


def test_the_example_of_a_result_is_one() -> None:
    (example,) = code_blocks(ROOT / "docs" / "reference" / "result.md", "json")
    result = decode_result(example)
    assert result.as_dict() == json.loads(example)


def test_the_example_of_settings_can_be_read(tmp_path: Path) -> None:
    (example,) = code_blocks(ROOT / "docs" / "reference" / "settings.md", "yaml")
    (tmp_path / "meltano.yml").write_text(example + PLUGINS)
    project = read_project(tmp_path)
    assert project.annotations.values["owner"] == "data-team"
    assert project.schedules["daily"].annotations.values["run_timeout"] == "2h"


def test_ci_runs_the_test_command_of_the_readme_and_contributing() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "`make test`" in (ROOT / "README.md").read_text()
    assert "make test\n" in code_blocks(ROOT / "CONTRIBUTING.md", "bash")


def test_every_verb_named_in_the_docs_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for verb in re.findall(r"\bmake ([a-z][a-z-]+)\b(?=[`\n ])", page.read_text()):
            if f"`make {verb}" in page.read_text() or f"\nmake {verb}" in page.read_text():
                assert re.search(rf"^{verb}:", makefile, re.MULTILINE), f"{page.name}: make {verb}"


def test_the_example_of_branches(tmp_path: Path) -> None:
    job, turns = code_blocks(ROOT / "docs" / "how-to" / "branches.md", "yaml")
    plugins = (
        "plugins:\n  extractors: [{name: tap-orders}, {name: tap-stock}]\n"
        "  loaders: [{name: target-warehouse}]\n  utilities: [{name: dbt}]\n"
        "environments: [{name: dev}]\ndefault_environment: dev\n"
    )
    (tmp_path / "meltano.yml").write_text(plugins + job + turns)
    (dag,) = plan(read_project(tmp_path)).dags
    orders, stock, dbt = dag.tasks
    assert (orders.upstream, stock.upstream) == ((), ())
    assert dbt.upstream == (orders.task_id, stock.task_id)
    assert orders.task_id == "tap-orders-to-target-warehouse"
    assert orders.state_ids == (f"dev:{orders.task_id}",)
    assert dbt.settings.state_pool == "shop-state"


NOTIFICATIONS = ROOT / "docs" / "how-to" / "notifications.md"


def test_the_examples_of_notifications_can_be_read(tmp_path: Path) -> None:
    (example,) = code_blocks(NOTIFICATIONS, "yaml")
    (tmp_path / "meltano.yml").write_text(example + PLUGINS)
    (dag,) = plan(read_project(tmp_path)).dags
    line, off, connections = code_blocks(NOTIFICATIONS, "bash")
    name, value = line.strip().split("=", 1)
    assert name == "AIRFLOW__MELTANO_PODS__NOTIFY"
    assert parse_deployment({"notify": off.strip().removeprefix(f"{name}=")}).notify is None
    deployment = parse_deployment({"notify": value.strip("'")}).notify
    assert [each.label for each in resolve_routing(dag.dag_id, {}, deployment).recipients] == [
        "email:data-team@example.org",
        "slack:slack_data",
    ]
    asked = resolve_routing(dag.dag_id, dag.settings.notify, deployment)
    assert [each.to for each in asked.recipients] == [
        ("finance@example.org", "on-call@example.org")
    ]
    assert asked.events == ("failure",)
    found = re.findall(r"AIRFLOW_CONN_(\w+)='(.*?)'", connections, re.DOTALL)
    assert [json.loads(text)["conn_type"] for _, text in found] == ["smtp", "slackwebhook", "http"]


def test_the_example_of_a_notification_is_one() -> None:
    (example,) = code_blocks(NOTIFICATIONS, "json")
    notification = Notification.from_dict(json.loads(example))
    assert list(notification.as_dict()) == list(json.loads(example))
    assert notification.hint == CATEGORIES[Category.TARGET_FAILED].hint
    assert notification.summary == CATEGORIES[Category.TARGET_FAILED].summary


def test_the_providers_of_notifications_are_named() -> None:
    text = NOTIFICATIONS.read_text()
    for channel, kind in CHANNELS.items():
        assert re.search(rf"`{channel}` \|.*`apache-airflow-providers-{kind.provider}`", text)


EXPLANATION = ROOT / "docs" / "explanation"


def test_the_example_of_a_failure_is_one() -> None:
    (example,) = code_blocks(EXPLANATION / "failures.md", "text")
    (error,) = re.findall(r"^  error: (.*)$", example, re.MULTILINE)
    orders = StreamResult("orders", extracted=1200, bookmark="2026-01-08T08:03:12Z")
    pipeline = PipelineResult(
        "tap-csv", "target-jsonl", "daily", state_saved=True, streams=(orders,)
    )
    result = RunResult(
        Outcome.FAILED,
        1,
        Category.TAP_FAILED,
        failed_plugin="tap-csv",
        error=error,
        extracted=1200,
        seconds=8.1,
        peak_memory_bytes=100 * 2**20,
        pipelines=(pipeline,),
    )
    command = "meltano-runner run tap-csv target-jsonl --state-id daily"
    record = make_record(result, task={"project": "csv_to_json", "command": command})
    assert str(build_error(record)) + "\n" == example


def test_the_example_of_a_plan_is_one() -> None:
    (example,) = code_blocks(EXPLANATION / "how-a-run-flows.md", "text")
    command = [str(Path(sys.executable).with_name("meltano-pods")), "plan", "csv_to_json"]
    shown = subprocess.check_output(command, cwd=ROOT, text=True)
    assert Typed("", "", tuple(example.splitlines())).missing(shown) is None, shown
