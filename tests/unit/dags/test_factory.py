"""A project's file, wherever it is and whatever its project says."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import CronDataIntervalTimetable
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from meltano_pods import airflow_dags
from meltano_pods.errors import DeploymentError
from meltano_pods.failures import NonRetryableRunError

from tests.support.finished_task import Ti

if TYPE_CHECKING:
    from pathlib import Path

FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
PROJECT = """\
plugins:
  extractors: [{name: tap-csv}]
  loaders: [{name: target-jsonl}]
jobs:
- {name: load, tasks: tap-csv target-jsonl}
- {name: other, tasks: tap-csv target-jsonl}
schedules:
- name: daily
  job: load
  interval: 0 3 * * *
  annotations:
    meltano_pods:
      timezone: Europe/Berlin
      start_date: 2026-03-01
      catchup: true
      owner: data
      owner_link: mailto:data@example.com
      pool: warehouse
      retries: 4
      retry_delay: 1m
      run_timeout: 1h
      termination_grace_period: 30s
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("first", "second"):
        (tmp_path / "meltano" / name).mkdir(parents=True)
        (tmp_path / "meltano" / name / "meltano.yml").write_text(PROJECT)
        (tmp_path / "dags").mkdir(exist_ok=True)
        (tmp_path / "dags" / f"{name}.py").write_text(FILE)
    return tmp_path


def test_a_second_project_is_two_copies(home: Path) -> None:
    bag = DagBag(str(home / "dags"))
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        f"{project}.{dag}" for project in ("first", "second") for dag in ("daily", "job.other")
    }


def test_settings_reach_airflow(home: Path) -> None:
    dag: Any = airflow_dags(str(home / "dags" / "first.py"))["first.daily"]
    assert isinstance(dag.timetable, CronDataIntervalTimetable)
    assert dag.start_date == pendulum.datetime(2026, 3, 1, tz="Europe/Berlin")
    assert dag.catchup is True
    assert dag.owner_links == {"data": "mailto:data@example.com"}
    task = dag.get_task("tap-csv-to-target-jsonl")
    assert (task.owner, task.pool, task.retries) == ("data", "warehouse", 4)
    assert (task.retry_delay, task.retry_exponential_backoff) == (timedelta(minutes=1), 2.0)
    assert task.execution_timeout == timedelta(hours=1, seconds=30 + 60)
    assert task.arguments == ["run", "tap-csv", "target-jsonl", "--timeout", "3600"]
    assert task.project_folder == str(home / "meltano" / "first")


def test_data_intervals_are_real_also_over_a_change_of_clocks(home: Path) -> None:
    dag: Any = airflow_dags(str(home / "dags" / "first.py"))["first.daily"]
    timetable = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag)).timetable
    start = datetime(2026, 3, 28, tzinfo=UTC)
    info = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(pendulum.instance(start), None, catchup=True),
    )
    assert info is not None
    assert info.data_interval is not None
    assert info.data_interval.start == datetime(2026, 3, 28, 2, tzinfo=UTC)
    assert info.data_interval.end == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_in_a_worker_only_the_wanted_dag_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "first.job.other")
    assert list(airflow_dags(str(home / "dags" / "first.py"))) == ["first.job.other"]


@pytest.mark.parametrize(
    "params", [{"full_refresh": "yes"}, {"log_level": "loud"}, {"log_level": None}]
)
def test_run_parameters_are_validated(home: Path, params: dict[str, Any]) -> None:
    dag: Any = airflow_dags(str(home / "dags" / "first.py"))["first.daily"]
    with pytest.raises(ParamValidationError):
        dag.params.update(params)


def test_one_broken_project_leaves_the_other(home: Path) -> None:
    file = home / "meltano" / "second" / "meltano.yml"
    file.write_text(f"{PROJECT}retries: [")
    bag = DagBag(str(home / "dags"))
    assert set(bag.dags) == {"first.daily", "first.job.other"}
    (error,) = bag.import_errors.values()
    assert "meltano/second/meltano.yml, line 2" in error


def test_one_broken_schedule_leaves_the_others_of_its_project(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "meltano" / "second" / "meltano.yml"
    bad = "- {name: gone, interval: 0 4 * * *, extractor: tap-csv, loader: nope, transform: skip}\n"
    file.write_text(f"{PROJECT}{bad}")
    bag = DagBag(str(home / "dags"))
    assert bag.import_errors == {}
    ids = {"daily", "job.other"}
    assert set(bag.dags) == {f"{name}.{each}" for name in ("first", "second") for each in ids} | {
        "second.gone"
    }
    assert type(bag.dags["second.daily"].tasks[0]).__name__ == "MeltanoLocalOperator"
    gone: Any = bag.dags["second.gone"]
    assert gone.tags == {"second", "broken"}
    assert gone.timetable.expression == "0 4 * * *"
    assert (gone.catchup, gone.max_active_runs) == (False, 1)
    assert "unknown loader 'nope' in the schedule 'gone'" in gone.doc_md
    (task,) = gone.tasks
    assert (task.task_id, task.retries) == ("broken", 0)
    with pytest.raises(NonRetryableRunError) as caught:
        task.execute({"ti": Ti()})
    for part in ("config_invalid", "'nope'", "key schedules[1].loader", "target-jsonl"):
        assert part in str(caught.value)
    DagSerialization.deserialize_dag(DagSerialization.serialize_dag(gone))
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "second.gone")
    assert list(airflow_dags(str(home / "dags" / "second.py"))) == ["second.gone"]


def test_a_broken_dag_notifies_and_starts_as_its_readable_settings_say(home: Path) -> None:
    (home / "meltano" / "first" / "meltano.yml").write_text(
        PROJECT.replace("retries: 4", "retries: -4").replace(
            "owner: data\n", "owner: data\n      notify: {email: [team@example.org]}\n"
        )
    )
    dag: Any = airflow_dags(str(home / "dags" / "first.py"))["first.daily"]
    assert "broken" in dag.tags
    assert dag.start_date == pendulum.datetime(2026, 3, 1, tz="Europe/Berlin")
    assert dag.timetable.expression == "0 3 * * *"
    assert dag.owner_links == {"data": "mailto:data@example.com"}
    (failed,) = dag.tasks[0].on_failure_callback
    assert [each.label for each in failed.recipients] == ["email:team@example.org"]


def test_what_a_worker_is_told_comes_first_for_its_own_container(home: Path) -> None:
    file = home / "meltano" / "first" / "meltano.yml"
    override = (
        "worker_override: {spec: {nodeSelector: {pool: small}, containers: [{name: proxy, image: p}"
        ", {name: base, resources: {limits: {memory: 1Gi}}}]}}"
    )
    file.write_text(
        file.read_text().replace("pool: warehouse", f"pool: warehouse\n{' ' * 6}{override}")
    )
    dag: Any = airflow_dags(str(home / "dags" / "first.py"))["first.daily"]
    pod = dag.get_task("tap-csv-to-target-jsonl").executor_config["pod_override"]
    assert [container.name for container in pod.spec.containers] == ["base", "proxy"]
    assert pod.spec.containers[0].resources.limits == {"memory": "1Gi"}
    assert pod.spec.node_selector == {"pool": "small"}


SHAPED = """\
plugins:
  extractors: [{name: tap-a}, {name: tap-b}]
  loaders: [{name: target}]
  utilities: [{name: dbt}]
default_environment: dev
environments: [{name: dev}]
annotations: {meltano_pods: {priority_weight: 5, weight_rule: absolute}}
jobs:
- name: load
  tasks: [tap-a target, tap-b target, 'dbt:run']
  annotations:
    meltano_pods:
      needs: []
      max_active_tasks: 2
      max_retry_delay: 1h
      description: |
        # Loads the shop

        Every night.
      tasks:
        dbt-run: {needs: all, description: Models of the shop, pool: warehouse, retries: 0}
- name: again
  tasks: tap-a target
  annotations:
    meltano_pods: {state: backend, env: {MELTANO_STATE_BACKEND_URI: 's3://bucket'}}
- {name: guarded, tasks: tap-b target}
- {name: third, tasks: 'dbt:run'}
"""


@pytest.fixture
def shaped(home: Path) -> DagBag:
    (home / "meltano" / "first" / "meltano.yml").write_text(SHAPED)
    bag = DagBag(str(home / "dags"))
    assert bag.import_errors == {}
    return bag


def test_branches_and_what_their_owner_says(shaped: DagBag) -> None:
    dag: Any = shaped.dags["first.job.load"]
    a, b, dbt = (dag.get_task(each) for each in ("tap-a-to-target", "tap-b-to-target", "dbt-run"))
    assert (a.upstream_task_ids, b.upstream_task_ids) == (set(), set())
    assert dbt.upstream_task_ids == {"tap-a-to-target", "tap-b-to-target"}
    assert dag.description == "Loads the shop"
    assert dag.doc_md.startswith("# Loads the shop\n\nEvery night.\n\nMeltano project")
    assert (dag.max_active_tasks, dag.max_active_runs) == (2, 1)
    assert (dbt.doc_md, dbt.pool, dbt.retries) == ("Models of the shop", "warehouse", 0)
    assert (a.doc_md, a.pool, a.retries) == (None, "default_pool", 2)
    assert (a.priority_weight, str(a.weight_rule)) == (5, "absolute")
    assert a.max_retry_delay == timedelta(hours=1)
    DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def test_a_dag_that_shares_a_state_is_broken_and_no_other(home: Path) -> None:
    file = home / "meltano" / "first" / "meltano.yml"
    file.write_text(f"{SHAPED}schedules: [{{name: nightly, interval: '@daily', job: load}}]\n")
    dags: dict[str, Any] = {**airflow_dags(str(home / "dags" / "first.py"))}
    broken = dags["first.job.again"]
    assert "`first.nightly` and `first.job.again` share the state" in broken.doc_md
    with pytest.raises(NonRetryableRunError) as caught:
        broken.tasks[0].execute({"ti": Ti()})
    for part in ("config_invalid", "dev:tap-a-to-target", "state_pool: NAME", "key jobs[1]"):
        assert part in str(caught.value)
    assert [name for name, dag in dags.items() if "broken" in dag.tags] == ["first.job.again"]
    # Meltano's system database keeps these two apart.
    guarded = dags["first.job.guarded"]
    assert guarded.doc_md.startswith(
        "**Note**: the DAGs `first.nightly` and `first.job.guarded` share"
    )
    assert "the second one fails with `already_running`" in guarded.doc_md


def test_a_name_that_no_project_can_have(home: Path) -> None:
    (home / "meltano" / "fi rst").mkdir()
    (home / "meltano" / "fi rst" / "meltano.yml").write_text(PROJECT)
    (home / "dags" / "fi rst.py").write_text((home / "dags" / "first.py").read_text())
    bag = DagBag(str(home / "dags"))
    ((file, error),) = bag.import_errors.items()
    assert file.endswith("fi rst.py")
    assert "'fi rst' is not a valid project name" in error
    assert "Did you mean `fi-rst`?" in error
    assert {"first.daily", "second.daily"} <= set(bag.dags)


def test_no_such_project(home: Path) -> None:
    with pytest.raises(
        DeploymentError, match=r"no Meltano project `secnd`.*first, second"
    ) as caught:
        airflow_dags(str(home / "dags" / "secnd.py"))
    assert "Did you mean `second`?" in str(caught.value)


def test_no_projects_folder(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="no folder of Meltano projects at"):
        airflow_dags(str(tmp_path / "dags" / "shop.py"))


def test_a_configured_projects_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "meltano").rename(tmp_path / "elsewhere")
    variable = "AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER"
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert airflow_dags(str(home / "dags" / "first.py"))
    monkeypatch.setenv(variable, "elsewhere")
    with pytest.raises(
        DeploymentError, match="takes an absolute path, which begins with /, found 'elsewhere'"
    ):
        airflow_dags(str(home / "dags" / "first.py"))


def test_nobody_is_told_unless_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__MELTANO_PODS__NOTIFY", raising=False)
    for dag in airflow_dags(str(home / "dags" / "first.py")).values():
        assert not dag.has_on_failure_callback
        tasks: list[Any] = dag.tasks
        for task in tasks:
            assert list(task.on_failure_callback) == list(task.on_success_callback) == []


@pytest.mark.parametrize("execution_mode", ["local", "kubernetes"])
def test_notifications_hang_on_the_dag_and_its_tasks(
    home: Path, monkeypatch: pytest.MonkeyPatch, execution_mode: str
) -> None:
    (home / "meltano" / "first" / "meltano.yml").write_text(
        PROJECT.replace("tasks: tap-csv target-jsonl}", "tasks: [tap-csv target-jsonl, dbt:run]}")
        .replace("plugins:", "plugins:\n  utilities: [{name: dbt}]")
        .replace("    meltano_pods:", "    meltano_pods:\n      notify: {slack: slack_data}")
    )
    templates = home / "k8s" / "pod_templates"
    templates.mkdir(parents=True)
    (templates / "default.yaml").write_text("")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", execution_mode)
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NOTIFY", "{email: [team@example.org]}")
    dags = airflow_dags(str(home / "dags" / "first.py"))
    dag: Any = dags["first.daily"]
    (told,) = (
        dag.on_failure_callback
        if isinstance(dag.on_failure_callback, list)
        else [dag.on_failure_callback]
    )
    assert [each.label for each in told.recipients] == [
        "email:team@example.org",
        "slack:slack_data",
    ]
    first, last = dag.tasks
    assert [type(each).__name__ for each in first.on_failure_callback] == ["TaskFailed"]
    assert list(first.on_success_callback) == []
    for callbacks in (last.on_success_callback, last.on_skipped_callback):
        assert [type(each).__name__ for each in callbacks] == ["RunRecovered"]
    other: Any = dags["first.job.other"]
    (failed,) = other.tasks[0].on_failure_callback
    assert [each.label for each in failed.recipients] == ["email:team@example.org"]
    DagSerialization.serialize_dag(dag)


def test_parsing_imports_no_notifier_of_a_provider(home: Path) -> None:
    ways = "{email: a@example.org, slack: slack_data, webhook: hook}"
    clients = "airflow.providers.smtp.hooks", "airflow.providers.http.hooks", "slack_sdk"
    code = (
        "import sys; from meltano_pods import airflow_dags; "
        f"dags = airflow_dags({str(home / 'dags' / 'first.py')!r}); "
        "assert all(dag.has_on_failure_callback for dag in dags.values()); "
        f"assert not [name for name in sys.modules if name.startswith({clients!r})]"
    )
    environment = {**os.environ, "AIRFLOW__MELTANO_PODS__NOTIFY": ways}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_a_pod_without_the_provider_is_one_sentence_in_its_own_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "meltano" / "first" / "meltano.yml"
    file.write_text(PROJECT + "annotations: {meltano_pods: {execution_mode: kubernetes}}\n")
    for module in [each for each in sys.modules if each.startswith("airflow.providers.cncf")]:
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("airflow.operator", "airflow.provider", "cluster.connect", "airflow.trigger"):
        monkeypatch.delitem(sys.modules, f"meltano_pods.pods.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "airflow.providers.cncf.kubernetes", None)
    with pytest.raises(DeploymentError, match="needs Airflow's Kubernetes provider") as caught:
        airflow_dags(str(home / "dags" / "first.py"))
    assert "`apache-airflow-providers-cncf-kubernetes>=10.25`" in caught.value.fix
    assert caught.value.__cause__ is None
    assert airflow_dags(str(home / "dags" / "second.py"))
