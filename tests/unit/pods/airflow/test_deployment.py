"""What a deployment says about pods, and the execution mode it chooses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.serialization.serialized_objects import DagSerialization
from meltano_pods.dags import airflow_dags, maintenance_dag
from meltano_pods.errors import DeploymentError
from meltano_pods.failures import NonRetryableRunError
from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.plan import TaskPlan
from meltano_pods.pods import MeltanoPodOperator
from meltano_pods.pods.cluster.connect import ClusterHook
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.diagnose.api_errors import ApiError
from meltano_pods.pods.spec.options import ClusterAccess, build_pod_options
from meltano_pods.settings import Settings
from meltano_pods.tasks.deployment import read_deployment
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.digest import compute_project_digest

from tests.support.finished_task import Ti
from tests.support.pods import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path


PROJECT = """\
plugins:
  extractors: [{{name: tap-a}}]
  loaders: [{{name: target-b}}]
annotations:
  meltano_pods: {{run_timeout: 1h, {0}}}
jobs:
- {{name: load, tasks: tap-a target-b}}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "EXECUTION_MODE",
        "IMAGE",
        "NAMESPACE",
        "SECRETS",
        "DEFERRABLE",
        "DATABASE_SECRET",
    ):
        monkeypatch.delenv(f"AIRFLOW__MELTANO_PODS__{name}", raising=False)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").touch()
    (tmp_path / "meltano" / "shop").mkdir(parents=True)
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "pod_templates").symlink_to(TEMPLATES)
    return tmp_path


def task(root: Path, settings: str = "retries: 1") -> Any:
    (root / "meltano" / "shop" / "meltano.yml").write_text(PROJECT.format(settings))
    dags = airflow_dags(str(root / "dags" / "shop.py"))
    return dags["shop.job.load"].tasks[0]


def test_runs_are_processes_unless_somebody_says_otherwise(root: Path) -> None:
    assert isinstance(task(root), MeltanoLocalOperator)
    assert maintenance_dag(str(root / "dags" / "reaper.py")) is None


def test_the_deployment_says_kubernetes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__IMAGE", "shop:1")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NAMESPACE", "loads")
    made = task(root)
    assert isinstance(made, MeltanoPodOperator)
    assert made.options.image == "shop:1"
    assert made.options.namespace == "loads"
    assert made.options.template == root / "k8s" / "pod_templates" / "default.yaml"
    assert made.options.project_root == "/meltano/shop"
    assert made.options.digest == compute_project_digest(root / "meltano" / "shop")
    assert made.execution_timeout == timedelta(seconds=3600 + 120 + 60 + 2 * 600)
    assert isinstance(task(root, "execution_mode: local"), MeltanoLocalOperator)
    reaper = maintenance_dag(str(root / "dags" / "reaper.py"))
    assert reaper is not None
    assert reaper.task_ids == ["reap"]
    assert namespaces(reaper) == {"loads"}
    assert DagSerialization.serialize_dag(reaper)


def test_a_task_that_asks_for_pods_has_a_reaper(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__IMAGE", "shop:1")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NAMESPACE", "loads")
    (root / "meltano" / "broken").mkdir()
    (root / "meltano" / "broken" / "meltano.yml").write_text("kubernetes: [")
    (root / "dags" / "broken.py").touch()
    assert isinstance(task(root), MeltanoLocalOperator)
    assert maintenance_dag(str(root / "dags" / "reaper.py")) is None
    assert isinstance(task(root, "execution_mode: kubernetes"), MeltanoPodOperator)
    assert namespaces(maintenance_dag(str(root / "dags" / "reaper.py"))) == {"loads"}


def namespaces(reaper: Any) -> Any:
    return reaper.get_task("reap").list_namespaces(ClusterHook(ClusterAccess()))


def test_the_reaper_looks_where_the_pods_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Airflow's namespace does not exist in an external cluster: pods run in the template's.
    monkeypatch.setenv("AIRFLOW__KUBERNETES__NAMESPACE", "airflows-own")
    for profile, namespace in (("external", "meltano"), ("astro", "airflows-own")):
        monkeypatch.setenv("AIRFLOW__MELTANO_PODS__PROFILE", profile)
        assert namespaces(maintenance_dag(str(root / "dags" / "reaper.py"))) == {namespace}


def test_the_reaper_looks_where_projects_send_their_pods(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NAMESPACE", "loads")
    task(root, "namespace: heavy")
    (root / "meltano" / "broken").mkdir()
    (root / "meltano" / "broken" / "meltano.yml").write_text("plugins: [")
    assert namespaces(maintenance_dag(str(root / "dags" / "reaper.py"))) == {"heavy", "loads"}


@pytest.mark.parametrize(
    ("statuses", "fails"),
    [
        ({"heavy": 403}, False),
        ({"loads": 403}, False),
        ({"heavy": 403, "loads": 403}, True),
        ({"heavy": 500}, True),
    ],
)
def test_where_airflow_may_not_look_the_reaper_passes_by(
    root: Path, monkeypatch: pytest.MonkeyPatch, statuses: dict[str, int], *, fails: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NAMESPACE", "loads")
    task(root, "namespace: heavy")
    looked: list[str] = []

    def drive(driver: ClusterDriver, _: object) -> dict[str, str]:
        namespace = driver.namespace
        looked.append(namespace)
        if status := statuses.get(namespace):
            raise ApiError(status)
        return {f"pod-of-{namespace}": "its task is over"}

    monkeypatch.setattr(ClusterDriver, "drive", drive)
    monkeypatch.setattr("meltano_pods.pods.airflow.reaper.read_deployment_id", lambda _: "prod")
    made = maintenance_dag(str(root / "dags" / "reaper.py"))
    assert made is not None
    reaper: Any = made.get_task("reap")
    if fails:
        with pytest.raises(ApiError):
            reaper.execute({})
    else:
        (good,) = {"heavy", "loads"} - statuses.keys()
        assert reaper.execute({}) == {f"pod-of-{good}": "its task is over"}
    assert looked == ["heavy", "loads"]


@pytest.mark.parametrize("in_cluster", [None, True, False])
def test_where_nobody_sends_pods_they_go_to_airflows_own_namespace_in_its_own_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, in_cluster: bool | None
) -> None:
    own = tmp_path / "namespace"
    own.write_text("airflows-own\n")
    monkeypatch.setattr("meltano_pods.pods.cluster.connect._OWN_NAMESPACE", own)
    found = ClusterHook(ClusterAccess(in_cluster=in_cluster)).get_pods_namespace()
    assert found == ("default" if in_cluster is False else "airflows-own")


def test_a_project_says_kubernetes(root: Path) -> None:
    made = task(root, "execution_mode: kubernetes, deferrable: true, termination_grace_period: 30s")
    assert isinstance(made, MeltanoPodOperator)
    assert made.deferrable
    assert made.termination_grace_period == 30


@pytest.mark.parametrize("default", ["True", "False", None])
def test_tasks_are_deferrable_as_airflows_operators_are_unless_a_setting_decides(
    root: Path, monkeypatch: pytest.MonkeyPatch, default: str | None
) -> None:
    monkeypatch.delenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", raising=False)
    if default is not None:
        monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", default)
    assert task(root, "execution_mode: kubernetes").deferrable == (default == "True")
    assert not task(root, "execution_mode: kubernetes, deferrable: false").deferrable
    assert task(root, "execution_mode: kubernetes, deferrable: true").deferrable
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__DEFERRABLE", "false")
    assert not task(root, "execution_mode: kubernetes").deferrable


def test_the_dag_survives_serialization(root: Path) -> None:
    made = task(root, "execution_mode: kubernetes, env: {A: b}")
    data = DagSerialization.serialize_dag(made.dag)
    found: Any = DagSerialization.deserialize_dag(data).task_dict["tap-a-to-target-b"]
    assert found.env == {"A": "b"}


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("EXECUTION_MODE", "kubernets", "Did you mean `kubernetes`?"),
        ("DEFERRABLE", "async", "takes true or false"),
        ("IN_CLUSTER", "maybe", "takes true or false"),
        ("POD_LOG_URL", "logs.example.com", "begins with https://"),
        ("POD_LOG_URL", "https://logs/{podd}", "no braces but {namespace} and {pod}"),
        ("LOCAL_ENV", "A=b", 'takes a JSON object of strings: {"NAME": "value"}'),
        ("LOCAL_ENV", '{"A": 1}', 'takes a JSON object of strings: {"NAME": "value"}'),
        ("LOCAL_ENV", '{"A B": "c"}', "found 'A B'"),
    ],
)
def test_configuration_that_is_not_allowed(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__MELTANO_PODS__{name}", value)
    with pytest.raises(DeploymentError) as caught:
        read_deployment(root)
    assert part in str(caught.value)
    assert f"AIRFLOW__MELTANO_PODS__{name}" in str(caught.value)


def test_secrets(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def secrets(**settings: Any) -> tuple[tuple[str, ...], str | None]:
        options = build_pod_options(
            TaskPlan("t", (), None, {}, Settings(**settings)), read_deployment(root), "my_shop"
        )
        return options.secrets, options.database_secret

    assert secrets() == (("meltano-my-shop-env",), "meltano-my-shop-env")
    assert secrets(secrets=["a"]) == (("a",), "meltano-my-shop-env")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__SECRETS", "shared, {project}-secrets")
    assert secrets()[0] == ("shared", "my-shop-secrets")
    # As on Astro.
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__SECRETS", "")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__DATABASE_SECRET", "env-secrets")
    assert secrets() == ((), "env-secrets")
    assert secrets(database_secret="db") == ((), "db")


def test_a_template_that_is_not_there(root: Path) -> None:
    with pytest.raises(DeploymentError, match=r"Did you mean `astro\.yaml`\?"):
        task(root, "execution_mode: kubernetes, pod_template: astra.yaml")


def test_bad_settings_of_pods_are_found_without_pods(root: Path) -> None:
    with pytest.raises(NonRetryableRunError, match="nodeSelectr"):
        task(root, "pod_override: {spec: {nodeSelectr: {}}}").execute({"ti": Ti()})


PODS = (
    "secret_missing image_pull image_platform unschedulable quota_exceeded admission_denied "
    "forbidden start_timeout evicted preempted node_lost"
)


@pytest.mark.parametrize("name", PODS.split())
def test_every_category_of_pods_names_what_to_change(name: str) -> None:
    info = CATEGORIES[Category(name)]
    assert "`" in info.hint
