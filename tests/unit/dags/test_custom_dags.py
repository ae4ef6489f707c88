"""Tasks of a project in a custom DAG."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.serialization.serialized_objects import DagSerialization

pytest.importorskip("airflow.providers.cncf.kubernetes")

# Imported here: on a busy machine that may take longer than Airflow gives a DAG file.
from meltano_pods.pods import MeltanoPodOperator
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
default_environment: dev
environments: [{name: dev}, {name: prod}]
plugins:
  extractors:
  - name: tap-csv
    annotations: {meltano_pods: {resources: {requests: {memory: 1Gi}}}}
  loaders: [{name: target-jsonl}]
  utilities: [{name: dbt}]
jobs:
- {name: load, tasks: [tap-csv target-jsonl, dbt:run], annotations: {meltano_pods: {pool: jobs}}}
annotations:
  meltano_pods:
    retries: 5
    retry_delay: 1m
    pool: warehouse
    run_timeout: 1h
    env: {REGION: eu}
"""
POD = "from meltano_pods import MeltanoPodOperator as task"
EITHER = "from meltano_pods import meltano_task as task"


class Load(Protocol):
    """Loads a DAG file with a body, and returns what Airflow made of it."""

    def __call__(self, body: str, how: str = EITHER, dag: str = "DAG('own')") -> DagBag: ...


@pytest.fixture
def load(tmp_path: Path) -> Load:
    project = tmp_path / "meltano" / "shop"
    project.mkdir(parents=True)
    (project / "meltano.yml").write_text(PROJECT)
    (tmp_path / "dags").mkdir()
    templates = tmp_path / "k8s" / "pod_templates"
    templates.mkdir(parents=True)
    (templates / "default.yaml").write_text("")

    def load(body: str, how: str = EITHER, dag: str = "DAG('own')") -> DagBag:
        text = f"from airflow.sdk import DAG, task as python\n{how}\nwith {dag}:\n"
        text += textwrap.indent(body, "    ")
        (tmp_path / "dags" / "own.py").write_text(text)
        return DagBag(str(tmp_path / "dags"))

    return load


def task_in(bag: DagBag, task_id: str = "load") -> Any:
    assert bag.import_errors == {}
    dag = bag.dags["own"]
    DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    return dag.get_task(task_id)


ONE = "task(task_id='load', project='shop', run='tap-csv target-jsonl'%s)"
MAPPED = ".expand(state_id_suffix=['a', 'b'])"


@pytest.mark.parametrize("how", [EITHER, POD])
def test_the_projects_settings_hold(load: Load, how: str) -> None:
    task: Any = task_in(load(ONE % ", env={'A': '{{ ds }}'}, state_id_suffix='x'", how))
    expected = "MeltanoPodOperator" if how == POD else "MeltanoLocalOperator"
    assert type(task).__name__ == expected
    assert task.arguments == ["run", "tap-csv", "target-jsonl", "--timeout", "3600"]
    assert task.env == {"REGION": "eu", "A": "{{ ds }}"}
    assert (task.environment, task.retries, task.pool) == ("dev", 5, "warehouse")
    assert task.retry_delay == timedelta(minutes=1)
    assert task.execution_timeout > timedelta(hours=1)
    if how == POD:
        assert task.options.resources == {"requests": {"memory": "1Gi"}}
        assert task.options.digest


def test_what_the_task_says_comes_before_the_project(load: Load) -> None:
    content = (
        ", environment='prod', full_refresh=True, retries=0, env={'REGION': 'us'}, "
        "settings={'run_timeout': None, 'resources': {'requests': {'memory': '4Gi'}}}"
    )
    task = task_in(load(ONE % content, POD))
    assert task.arguments == ["run", "tap-csv", "target-jsonl", "--full-refresh"]
    assert (task.environment, task.env, task.retries) == ("prod", {"REGION": "us"}, 0)
    assert task.options.resources == {"requests": {"memory": "4Gi"}}
    assert task.execution_timeout is None


def test_default_args_of_the_dag_come_before_the_project(load: Load) -> None:
    body = f"{ONE % ''}\ntask.partial(task_id='each', project='shop', run='tap-csv target-jsonl')"
    body += ".expand(state_id_suffix=['a', 'b'])"
    bag = load(body, dag="DAG('own', default_args={'retries': 1})")
    assert (task_in(bag).retries, task_in(bag).pool) == (1, "warehouse")
    assert (task_in(bag, "each").retries, task_in(bag, "each").pool) == (1, "warehouse")


@pytest.mark.parametrize(
    "dag",
    [
        "DAG('own', default_args={'settings': {'execution_mode': 'kubernetes'}})",
        "DAG('own'), TaskGroup('g', default_args={'settings': {'execution_mode': 'kubernetes'}})",
    ],
)
@pytest.mark.parametrize("is_mapped", [False, True])
def test_default_args_also_choose_the_operator(load: Load, dag: str, *, is_mapped: bool) -> None:
    body = ONE % ""
    if is_mapped:
        body = body.replace("task(", "task.partial(") + ".expand(state_id_suffix=['a'])"
    how = f"{EITHER}\nfrom airflow.sdk import TaskGroup"
    task = task_in(load(body, how, dag), "g.load" if "TaskGroup" in dag else "load")
    assert "MeltanoPodOperator" in (task.task_type, type(task).__name__)
    assert task.retries == 5


@pytest.mark.parametrize("body", [ONE % "", "task.partial(" + (ONE % "")[5:] + MAPPED])
def test_a_project_is_read_once_for_a_task(
    load: Load, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    read: list[Path] = []

    def count(folder: Path) -> Any:
        read.append(folder)
        return read_project(folder)

    monkeypatch.setattr("meltano_pods.tasks.planned_task.read_project", count)
    task_in(load(body))
    assert len(read) == 1


@pytest.mark.parametrize("how", [EITHER, POD])
def test_a_state_that_backfills_share_has_one_writer(load: Load, how: str) -> None:
    content = ", settings={'backfill_state': 'shared'}"
    task: Any = task_in(load(ONE % content, how))
    assert task.max_active_tis_per_dag == 1
    assert task_in(load(ONE % "", how)).max_active_tis_per_dag is None
    mapped = (ONE % content).replace("task(", "task.partial(") + ".expand(state_id_suffix=['a'])"
    assert task_in(load(mapped, how)).max_active_tis_per_dag == 1


def test_a_job_brings_its_settings_and_options_follow(load: Load) -> None:
    task = task_in(load("task(task_id='load', project='shop', run='load --no-state-update')"))
    assert task.arguments == ["run", "load", "--no-state-update", "--timeout", "3600"]
    assert task.pool == "jobs"


def test_a_deployment_or_the_settings_choose_the_execution_mode(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_in(load(ONE % ", settings={'execution_mode': 'kubernetes'}"))
    assert type(task) is MeltanoPodOperator
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    assert type(task_in(load(ONE % ""))) is MeltanoPodOperator


@pytest.mark.parametrize("how", [EITHER, POD])
def test_a_mapped_task_is_what_the_settings_say_to_the_scheduler(load: Load, how: str) -> None:
    body = (ONE % "").replace("task(", "task.partial(") + (
        ".expand_kwargs([{'state_id_suffix': 'north', 'env': {'REGION': 'us'}},"
        " {'state_id_suffix': 'south', 'environment': 'prod'}])"
    )
    mapped = task_in(load(body, how))
    assert isinstance(mapped, MappedOperator)
    assert (mapped.retries, mapped.pool, mapped.execution_timeout is None) == (
        5,
        "warehouse",
        False,
    )
    assert mapped.partial_kwargs["map_index_template"] == "{{ task.state_id_suffix }}"
    north: Any = mapped.unmap({"state_id_suffix": "north", "env": {"REGION": "us"}})
    south: Any = mapped.unmap({"state_id_suffix": "south", "environment": "prod"})
    assert (north.env, north.environment) == ({"REGION": "us"}, "dev")
    assert (south.env, south.environment) == ({"REGION": "eu"}, "prod")
    assert (north.state_id_suffix, north.retries) == ("north", 5)


def test_what_another_task_yields_is_known_when_it_runs(load: Load) -> None:
    body = """\
@python
def tenants():
    return [{'state_id_suffix': 'north'}]
found = tenants()
task.partial(task_id='load', project='shop', run='tap-csv target-jsonl').expand_kwargs(found)
task(task_id='one', project='shop', run='dbt:run', env={'ROWS': found})
more = task.partial(
    task_id='more', project='shop', run='tap-csv target-jsonl', env={'ROWS': found}
)
more.expand(state_id_suffix=['a'])
"""
    bag = load(body)
    assert task_in(bag).upstream_task_ids == {"tenants"}
    assert task_in(bag, "one").upstream_task_ids == {"tenants"}
    assert task_in(bag, "more").upstream_task_ids == {"tenants"}


MAPPED = "task.partial(task_id='load', project='shop', run='tap-csv target-jsonl'%s).%s"
REFUSED = {
    "nothing to tell tenants apart": (
        MAPPED % ("", "expand(env=[{'A': '1'}, {'A': '2'}])"), "have no `state_id_suffix`",
    ),
    "an item without": (
        MAPPED % ("", "expand_kwargs([{'state_id_suffix': 'a'}, {'env': {}}])"),
        "have no `state_id_suffix`",
    ),
    "one for all": (
        MAPPED % (", state_id_suffix='a'", "expand(env=[{}, {}])"), "is the same for all",
    ),
    "two that are equal": (
        MAPPED % ("", "expand(state_id_suffix=['a', 'b', 'a'])"), "is `a` for more than one item",
    ),
    "combinations": (
        MAPPED % ("", "expand(state_id_suffix=['a', 'b'], env=[{}, {}])"), "every combination",
    ),
    "what cannot differ": (
        MAPPED % ("", "expand_kwargs([{'state_id_suffix': 'a', 'retries': 1}])"),
        "`retries` cannot differ between items",
    ),
    "no suffix": (MAPPED % ("", "expand(state_id_suffix=['', 'b'])"), "`state_id_suffix` is ''"),
    "an option for a suffix": (
        MAPPED % ("", "expand(state_id_suffix=['--force'])"), "`state_id_suffix` is '--force'",
    ),
    "no such plugin": (
        "task(task_id='load', project='shop', run='tap-cvs target-jsonl')", "Did you mean `tap-c",
    ),
    "nothing to run": ("task(task_id='load', project='shop', run='--force')", "anything to run"),
    "a template for a plugin": (
        "task(task_id='load', project='shop', run='{{params.tap}} target-jsonl')", "a template",
    ),
    "no such project": ("task(task_id='load', project='shp', run='dbt:run')", "Did you mean `s"),
    "a project outside": ("task(task_id='load', project='../x', run='dbt:run')", "no Meltano proj"),
    "no such environment": (ONE % ", environment='prd'", "Did you mean `prod`"),
    "no such setting": (ONE % ", settings={'retires': 1}", "Did you mean `retries`"),
    "a secret": (ONE % ", env={'TAP_PASSWORD': 'x'}", "TAP_PASSWORD has the name of a secret"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(load: Load, case: str) -> None:
    body, words = REFUSED[case]
    (error,) = load(body).import_errors.values()
    assert words in error
    assert "fix: " in error
    assert "where: task load" in error or "key task load" in error or "DAG file own.py" in error


BROKEN = {
    "a job of it": ("run='bad'", "no loader comes after the extractor 'tap-csv'"),
    "a plugin of it": ("run='tap-bad target-jsonl'", "expected a string, found a list"),
    "settings of a plugin of it": ("run='worse:run'", "Did you mean `retries`?"),
    "an environment of it": ("run='dbt:run', environment='prod'", "Did you mean `pool`?"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_task_that_uses_what_is_wrong_in_the_project(
    load: Load, tmp_path: Path, case: str
) -> None:
    worse = "{name: worse, annotations: {meltano_pods: {retrys: 1}}}"
    (tmp_path / "meltano" / "shop" / "meltano.yml").write_text(
        PROJECT.replace("{name: prod}", "{name: prod, annotations: {meltano_pods: {polo: x}}}")
        .replace("jobs:\n", "jobs:\n- {name: bad, tasks: [tap-csv]}\n")
        .replace("  extractors:\n", "  extractors:\n  - {name: tap-bad, variant: [x]}\n")
        .replace("[{name: dbt}]", f"[{{name: dbt}}, {worse}]")
    )
    run, words = BROKEN[case]
    (error,) = load(f"task(task_id='load', project='shop', {run})").import_errors.values()
    assert words in error
    assert "where: meltano/shop/meltano.yml, line " in error
    assert load("task(task_id='load', project='shop', run='load')").import_errors == {}
