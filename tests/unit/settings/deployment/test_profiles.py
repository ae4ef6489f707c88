"""Profiles of a deployment: what they change, what overrides them, what is rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.errors import DeploymentError
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.defaults import trace_default
from meltano_pods.settings.deployment.model import DEFAULTS
from meltano_pods.settings.deployment.read import parse_deployment

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("airflow.providers.cncf.kubernetes")

from kubernetes.config import ConfigException
from meltano_pods.plan import TaskPlan
from meltano_pods.pods.cluster.connect import ClusterHook
from meltano_pods.pods.spec.options import ClusterAccess, SecretKey, build_pod_options
from meltano_pods.tasks.deployment import build_deployment, read_deployment, read_settings

from tests.support.checkout import ROOT


def options(content: dict[str, str], namespace: str | None = None, **settings: Any) -> Any:
    deployment = build_deployment(ROOT, parse_deployment(content), namespace)
    return build_pod_options(
        TaskPlan("t", (), None, {}, Settings(**settings)), deployment, "my_shop"
    )


def test_astro_says_all_that_astro_needs() -> None:
    found = options({"profile": "astro"}, "astro-ns", secret_env={"TAP_TOKEN": {}})
    assert parse_deployment({"profile": "astro"}).execution_mode == "kubernetes"
    assert found.template.name == "astro.yaml"
    assert found.namespace == "astro-ns"
    assert found.secrets == ()
    assert found.secret_env == {"TAP_TOKEN": SecretKey("env-secrets", "TAP_TOKEN")}
    assert found.database_secret == "env-secrets"
    assert found.equal_resources
    assert found.cluster == ClusterAccess(in_cluster=True)


def test_an_external_cluster_is_reached_by_a_connection_and_never_is_airflows_own() -> None:
    found = options({"profile": "external", "cluster_context": "prod"}, "astro-ns")
    assert found.cluster == ClusterAccess("kubernetes_default", in_cluster=False, context="prod")
    assert found.namespace is None  # the template's: Airflow's is in another cluster
    assert options({"profile": "external", "namespace": "loads"}, "astro-ns").namespace == "loads"
    assert found.secrets == ("meltano-my-shop-env",)
    # With a kubeconfig and no connection.
    content = {"profile": "external", "kubernetes_conn_id": "", "kubeconfig": "/etc/kube/config"}
    assert options(content).cluster.connection is None
    assert str(options(content).cluster.kubeconfig) == "/etc/kube/config"


def test_what_is_said_wins_over_the_profile() -> None:
    content = {
        "profile": "astro",
        "execution_mode": "local",
        "secrets": "a, {project}-b",
        "image": "",
    }
    settings = parse_deployment(content)
    assert settings.execution_mode == "local"
    assert settings.secrets == ("a", "{project}-b")
    assert settings.image is None
    assert (
        parse_deployment({"profile": "astro", "execution_mode": ""}).execution_mode == "kubernetes"
    )
    assert parse_deployment({}) == parse_deployment({"profile": "default"}) == DEFAULTS


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (
            {"profile": "astr"},
            ("takes one of astro, default, external, found 'astr'", "Did you mean `astro`?"),
        ),
        ({"profil": "astro"}, ("unknown setting `profil`", "Did you mean `profile`?")),
        ({"in_cluster": "maybe"}, ("takes true or false",)),
        (
            {"local_env": '{"MELTANO_ENVIRONMENT": "prod"}'},
            ("does not take MELTANO_ENVIRONMENT", "the setting `environment`"),
        ),
        ({"secrets": "My_Secret"}, ("takes the name of a Kubernetes Secret",)),
        ({"key_secret": "{projects}"}, ("takes the name of a Kubernetes Secret",)),
        ({"image_pull_secrets": "{project}"}, ("takes the name of a Kubernetes Secret",)),
        ({"projects_folder": "meltano"}, ("takes an absolute path",)),
        ({"image_projects_folder": "meltano"}, ("takes an absolute path",)),
        ({"image": "my image"}, ("registry/name:tag",)),
        ({"namespace": "My_NS"}, ("takes the name of a Kubernetes namespace",)),
    ],
)
def test_what_is_not_allowed(content: dict[str, str], parts: tuple[str, ...]) -> None:
    with pytest.raises(DeploymentError) as caught:
        parse_deployment(content)
    key = next(iter(content))
    for part in (*parts, f"`[meltano_pods] {key}`", f"AIRFLOW__MELTANO_PODS__{key.upper()}"):
        assert part in str(caught.value)


@pytest.mark.parametrize("value", ["True", "yes", "1"])
def test_deferrable_defaults_to_that_of_airflows_operators(value: str) -> None:
    settings = parse_deployment({}, value)
    assert settings.deferrable
    assert trace_default(settings, "deferrable") == (
        "deployment", "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE",
    )  # fmt: skip
    assert trace_default(settings, "image") == ("default", "")
    chosen = parse_deployment({"deferrable": "false"}, value)
    assert not chosen.deferrable
    assert trace_default(chosen, "deferrable")[1] == "AIRFLOW__MELTANO_PODS__DEFERRABLE"
    assert parse_deployment({"deferrable": ""}, value).deferrable
    assert not parse_deployment({}, "False").deferrable


def test_a_wrong_default_of_airflow_is_named() -> None:
    with pytest.raises(DeploymentError, match=r"`\[operators\] default_deferrable`") as caught:
        parse_deployment({}, "sometimes")
    assert "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE=true" in str(caught.value)


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__PROFIL", "astro")
    with pytest.raises(DeploymentError, match="Did you mean `profile`"):
        read_settings()


def test_the_namespace_that_astro_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__KUBERNETES__NAMESPACE", "galactic-orbit-1234")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__PROFILE", "astro")
    assert read_deployment(ROOT).namespace == "galactic-orbit-1234"


def test_no_way_to_an_external_cluster_is_an_error_and_not_the_own_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("kubernetes.config.load_incluster_config", lambda **_: loaded.append("own"))
    with pytest.raises(DeploymentError, match="kube_config_path"):
        ClusterHook(ClusterAccess(in_cluster=False)).get_conn()
    assert not loaded
    # Without a setting, the provider searches.
    ClusterHook(ClusterAccess()).get_conn()
    assert loaded == ["own"]


def test_a_kubeconfig_leads_to_its_cluster(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        "clusters: [{name: c, cluster: {server: 'https://cluster.example.com'}}]\n"
        "users: [{name: u, user: {token: t}}]\n"
        "contexts: [{name: a, context: {cluster: c, user: u}}]\n"
    )
    client = ClusterHook(ClusterAccess(in_cluster=False, kubeconfig=file)).get_conn()
    assert client.configuration.host == "https://cluster.example.com"
    with pytest.raises(ConfigException, match="elsewhere"):
        ClusterHook(
            ClusterAccess(in_cluster=False, context="elsewhere", kubeconfig=file)
        ).get_conn()
