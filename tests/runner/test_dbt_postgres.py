"""The runner with dbt, target-postgres and a PostgreSQL: the example meltano/shop."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome

from tests.runner.pipeline import BIN
from tests.runner.warehouse import LOAD, PLUGINS, PROJECT, Shop
from tests.support.checkout import ROOT
from tests.support.waiting import wait_for
from tools import warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.meltano, pytest.mark.timeout(400)]

BUILD = "dbt-postgres:build"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with warehouse.running(tmp_path_factory.mktemp("warehouse")) as variables:
        yield variables


@pytest.fixture
def shop(tmp_path: Path, database: dict[str, str]) -> Shop:
    return Shop.make(tmp_path, database)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if ".meltano" not in path.parts}


def test_rows_are_loaded_modelled_and_tested(shop: Shop) -> None:
    before = files(PROJECT) | files(shop.transform)
    result = shop.run(*LOAD, BUILD)
    assert (result.outcome, result.extracted) == (Outcome.SUCCEEDED, 340), shop.log()
    (built,) = result.dbt
    assert (built.plugin, built.command) == ("dbt-postgres", "build")
    assert built.counts == {"pass": 10, "success": 3}
    revenue = next(node for node in built.nodes if node.name == "revenue_by_country")
    assert (revenue.type, revenue.status, revenue.rows) == ("model", "success", 8)
    assert revenue.seconds > 0
    assert shop.sql("select count(*) from analytics.revenue_by_country") == "8"
    log = shop.log()
    assert "INFO runner: dbt-postgres build: 13 nodes, 10 pass, 3 success" in log
    assert "\x1b" not in log
    assert files(PROJECT) | files(shop.transform) == before

    again = shop.run("dbt-postgres:run", "dbt-postgres:test")
    assert [(each.command, dict(each.counts)) for each in again.dbt] == [
        ("run", {"success": 3}),
        ("test", {"pass": 10}),
    ]


def test_a_failed_test_is_named_and_the_taps_state_is_kept(shop: Shop) -> None:
    shop.replace("data/orders.csv", "placed", "lost")
    failed = shop.run(*LOAD, BUILD)
    assert (failed.outcome, failed.category) == (Outcome.FAILED, Category.DBT_TEST_FAILED)
    assert failed.failed_plugin == "dbt-postgres"
    name = "accepted_values_stg_orders_status__placed__shipped__returned"
    assert failed.error == f"test {name}: fail: Got 1 result, configured to fail if != 0"
    assert f"ERROR runner: dbt-postgres build: {failed.error}" in shop.log()
    (node,) = failed.dbt[0].failed
    assert (node.name, node.failures) == (name, 1)
    assert failed.dbt[0].counts["skipped"] == 5
    assert failed.pipelines[0].state_saved

    shop.replace(
        "transform/models/staging/staging.yml", "values: [", "values: [lost, "
    )  # fmt: skip
    fixed = shop.run(*LOAD, BUILD)
    assert (fixed.outcome, fixed.extracted) == (Outcome.SUCCEEDED, 0)


def test_a_model_that_cannot_be_built(shop: Shop) -> None:
    shop.fill()
    shop.replace("transform/models/staging/stg_orders.sql", "status,", "statsu,")
    result = shop.run(BUILD)
    assert (result.category, result.failed_plugin) == (Category.DBT_MODEL_FAILED, "dbt-postgres")
    assert "model stg_orders: error: Database Error in model stg_orders" in (result.error or "")
    assert 'column "statsu" does not exist' in (result.error or "")
    assert result.dbt[0].counts["error"] == 1


def test_a_source_that_is_stale(shop: Shop) -> None:
    shop.fill()
    bounds = "loaded_at_field: _sdc_batched_at\n    config: {freshness: {error_after: "
    bounds += "{count: 1, period: hour}}}"
    shop.replace("transform/models/staging/sources.yml", "loaded_at_field: _sdc_batched_at", bounds)
    fresh = shop.run("dbt-postgres:freshness")
    assert fresh.outcome is Outcome.SUCCEEDED, shop.log()
    (freshness,) = fresh.dbt
    assert (freshness.command, dict(freshness.counts)) == ("source freshness", {"pass": 1})
    shop.sql("update raw.orders set _sdc_batched_at = now() - interval '3 hours'")
    stale = shop.run("dbt-postgres:freshness")
    assert (stale.category, stale.failed_plugin) == (Category.DBT_TEST_FAILED, "dbt-postgres")
    assert (stale.error or "").startswith("source raw.orders: error: its newest row, of ")
    assert "error_after: 1 hour" in (stale.error or "")


class TestBeforeAnyModel:
    def test_a_variable_that_is_not_set(self, shop: Shop) -> None:
        result = shop.run(BUILD, WAREHOUSE_HOST="")
        assert result.category is Category.VARIABLE_MISSING
        assert "DBT_POSTGRES_HOST" in (result.error or "")

    def test_no_secret_is_shown(self, shop: Shop) -> None:
        # A database by the name of the password: PostgreSQL says that there is none such.
        secret = "s3cr3t-p@ss"
        result = shop.run(
            BUILD, WAREHOUSE_DATABASE=secret, OTHER_PASSWORD=secret, MELTANO_CLI_LOG_LEVEL="debug"
        )
        assert (result.category, result.failed_plugin) == (Category.UTILITY_FAILED, "dbt-postgres")
        assert 'database "***" does not exist' in (result.error or "")
        assert "(exit code 2)" in (result.error or "")
        assert secret not in shop.log() + (shop.folder / "result.json").read_text()
        assert shop.variables["WAREHOUSE_PASSWORD"] not in shop.log()

    def test_packages_that_are_not_installed(self, shop: Shop) -> None:
        (shop.transform / "packages.yml").write_text("packages: [{local: ../more}]\n")
        result = shop.run(BUILD)
        assert result.category is Category.PLUGIN_MISSING
        assert "dbt deps" in (result.error or "")


def test_a_stopped_run_leaves_no_query_behind(shop: Shop) -> None:
    (shop.transform / "models" / "slow.sql").write_text(
        "{{ config(materialized='table') }} select 1 as slept from pg_sleep(300)"
    )
    asleep = (
        "select count(*) from pg_stat_activity"
        " where query like '%pg_sleep(3%' and pid <> pg_backend_pid()"
    )
    running = shop.start("dbt-postgres:run")
    wait_for("the slow model", lambda: shop.sql(asleep) != "0")
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 143
    wait_for("its query to end", lambda: shop.sql(asleep) == "0")


def test_packages_are_installed_beforehand(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "more" / "macros").mkdir(parents=True)
    (project / "more" / "dbt_project.yml").write_text("{name: more, version: '1'}\n")
    shutil.copytree(PROJECT / "transform", project / "transform")
    (project / "transform" / "packages.yml").write_text("packages: [{local: ../more}]\n")
    (project / ".meltano").symlink_to(PLUGINS)
    done = subprocess.run(
        [BIN / "python", "-m", "tools.images.dbt_packages", project],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Installing the dbt packages of shop/transform" in done.stdout
    assert (project / "transform" / "dbt_packages" / "more" / "dbt_project.yml").exists()
