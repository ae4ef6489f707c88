"""What Airflow asks in the trigger form of a DAG, and what its REST API takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from airflow.ti_deps.dependencies_states import ACTIVE_STATES
from airflow.utils.state import TaskInstanceState
from meltano_pods import airflow_dags

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
default_environment: prod
environments: [{name: prod}, {name: staging}]
plugins:
  extractors: [{name: tap-csv}, {name: tap-shop}]
  loaders: [{name: target-jsonl}]
  utilities: [{name: dbt}]
jobs:
- name: load
  tasks: [tap-csv target-jsonl, tap-shop target-jsonl, dbt:run]
  annotations:
    meltano_pods:
      allowed_environments: [staging]
      state_id_suffix: nightly
      log_level: warning
      tasks:
        tap-shop-to-target-jsonl: {full_refresh: true, backfill_state: shared}
- {name: transform, tasks: dbt:run}
"""


@pytest.fixture
def dags(tmp_path: Path) -> Any:
    folder = tmp_path / "meltano" / "shop"
    folder.mkdir(parents=True)
    (folder / "meltano.yml").write_text(PROJECT)
    (tmp_path / "dags").mkdir()
    return airflow_dags(str(tmp_path / "dags" / "shop.py"))


@pytest.fixture
def dag(dags: Any) -> Any:
    return dags["shop.job.load"]


def test_the_form_begins_with_the_settings(dag: Any) -> None:
    assert dag.params.dump() == {
        "full_refresh": False, "refresh_catalog": False, "no_state_update": False,
        "select_filter": None, "state_id_suffix": "nightly", "state_strategy": "auto",
        "log_level": "warning", "environment": "prod", "only_tasks": None,
    }  # fmt: skip


def test_the_form_can_be_shown(dag: Any) -> None:
    saved = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    params = {name: saved.params.get_param(name) for name in saved.params}
    for name, param in params.items():
        assert param.schema["title"], name
        assert str(param.description).endswith("."), name
    schemas = {name: param.schema for name, param in params.items()}
    assert schemas["environment"]["enum"] == ["prod", "staging"]
    ids = ["tap-csv-to-target-jsonl", "tap-shop-to-target-jsonl", "dbt-run"]
    assert schemas["only_tasks"]["examples"] == ids


def test_a_dag_without_an_extractor_asks_for_little(dags: Any) -> None:
    assert dags["shop.job.transform"].params.dump() == {"log_level": "info"}


@pytest.mark.parametrize(
    "conf",
    [
        {"environment": "dev"},
        {"only_tasks": ["no-such"]},
        {"state_id_suffix": "a:b"},
        {"select_filter": ["--catalog=/etc/passwd"]},
        {"state_strategy": "append"},
    ],
)
def test_airflow_refuses_what_is_not_allowed(dag: Any, conf: dict[str, Any]) -> None:
    saved = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    with pytest.raises(ValueError, match="Invalid input for param"):
        saved.params.deep_merge(conf).validate()
    with pytest.raises(ParamValidationError):
        dag.params.update(conf)


def test_tasks_know_what_may_be_chosen(dag: Any) -> None:
    csv, shop, dbt = (dag.get_task(each) for each in dag.task_ids)
    assert csv.choices.offered == dag.params.dump()
    assert csv.choices.taps == dbt.choices.taps == ("tap-csv", "tap-shop")
    assert csv.choices.options.full_refresh is False
    assert shop.choices.options.full_refresh is True
    assert shop.choices.options.state_id_suffix == "nightly"
    assert (csv.choices.own_backfill_state, shop.choices.own_backfill_state) == (True, False)
    # Runs of a backfill do not count among `max_active_runs`: the state must still have one writer.
    assert (csv.max_active_tis_per_dag, shop.max_active_tis_per_dag) == (None, 1)
    # Of a task that waits in the triggerer Airflow must not start another one.
    assert TaskInstanceState.DEFERRED in ACTIVE_STATES


def test_a_task_runs_after_one_that_was_left_out(dag: Any) -> None:
    assert {task.trigger_rule for task in dag.tasks} == {"none_failed"}


def test_no_parameter_is_in_a_template(dag: Any) -> None:
    for task in dag.tasks:
        rendered = [getattr(task, each) for each in task.template_fields]
        assert "nightly" not in str(rendered)
