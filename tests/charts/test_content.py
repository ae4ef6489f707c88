"""What the objects say to each other: names, hooks, order, traffic, settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.charts.helm import MAXIMAL, Manifest, containers, fullest, one, pods, render, smallest


def _config(objects: list[Manifest]) -> dict[str, str]:
    data: dict[str, str] = one(objects, "ConfigMap", "airflow-config")["data"]
    return data


def test_airflow_runs_pods_and_asks_for_a_login() -> None:
    pods = {"image": "registry/meltano:1", "namespace": "pipelines"}
    settings = _config(render("airflow", {"image": "a", "meltanoPods": pods}))
    assert settings["AIRFLOW__MELTANO_PODS__EXECUTION_MODE"] == "kubernetes"
    assert settings["AIRFLOW__MELTANO_PODS__IMAGE"] == "registry/meltano:1"
    assert settings["AIRFLOW__MELTANO_PODS__NAMESPACE"] == "pipelines"
    assert settings["AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL"] == "1"
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin,viewer:viewer"
    connection = json.loads(settings["AIRFLOW_CONN_KUBERNETES_DEFAULT"])
    assert connection["extra"] == {"in_cluster": True, "namespace": "pipelines"}


def test_settings_are_added_replaced_and_taken_away() -> None:
    settings = _config(fullest("airflow"))
    assert settings["AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC"] == "2"
    assert settings["AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"] == "True"
    assert "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL" not in settings


def test_every_user_has_one_password() -> None:
    login = one(smallest("airflow"), "Secret", "airflow-login")["stringData"]
    passwords = json.loads(login["passwords.json"])
    assert passwords == {name: login[name] for name in ("admin", "viewer")}
    assert len(set(passwords.values())) == 2
    assert all(len(each) == 32 for each in passwords.values())


def test_databases_have_an_address_each() -> None:
    secret = one(fullest("airflow"), "Secret", "airflow-database")["stringData"]
    for name in ("meltano", "warehouse"):
        password = secret[f"{name}-password"]
        host = "airflow-postgresql.here.svc.cluster.local:5432"
        assert secret[f"{name}-uri"] == f"postgresql://{name}:{password}@{host}/{name}"
    (job,) = [each for each in fullest("airflow") if each["kind"] == "Job"]
    arguments = containers(job["spec"]["template"])[0]["args"]
    assert arguments == ["python", "/config/databases.py", "meltano", "warehouse"]


def test_secrets_and_volumes_outlive_the_release() -> None:
    objects = smallest("airflow")
    for secret in (each for each in objects if each["kind"] == "Secret"):
        assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert (
        "persistentVolumeClaimRetentionPolicy"
        not in one(objects, "StatefulSet", "airflow-postgresql")["spec"]
    )


def test_every_service_waits_for_the_migrations() -> None:
    for where, pod in pods(smallest("airflow")).items():
        if where.startswith("Deployment"):
            assert pod["spec"]["initContainers"][0]["args"] == ["python", "/config/migrations.py"]


@pytest.mark.parametrize(
    "changed",
    [
        {"image": "registry.example.com/airflow:2"},
        {"environmentSecrets": ["airflow-connections"]},
        {"postgresql": {"databases": ["shop"]}},
        {"imagePullSecrets": ["registry"]},
    ],
)
def test_another_pod_that_migrates_is_another_job(changed: dict[str, Any]) -> None:
    """Kubernetes does not allow changing a Job's pod."""

    def job(**values: Any) -> Manifest:
        values = {"image": "registry.example.com/airflow:1", **values}
        (found,) = [each for each in render("airflow", values) if each["kind"] == "Job"]
        return found

    first, other, again = job(), job(**changed), job(executor="KubernetesExecutor")
    assert first["spec"]["template"] != other["spec"]["template"]
    assert first["metadata"]["name"] != other["metadata"]["name"]
    assert again == first


def test_pods_start_anew_when_the_configuration_changes() -> None:
    def checksum(values: dict[str, object]) -> str:
        objects = render("airflow", {"image": "a"} | values)
        scheduler = one(objects, "Deployment", "airflow-scheduler")
        return str(scheduler["spec"]["template"]["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) == checksum({"apiServer": {"nodePort": 30080}})
    assert checksum({}) != checksum({"parallelism": 2})


def test_a_worker_template_can_be_brought_along() -> None:
    own = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "own"},
        "spec": {"containers": []},
    }
    values = {"worker": {"podTemplate": yaml.safe_dump(own)}}
    objects = render("airflow", values, MAXIMAL["airflow"])
    assert yaml.safe_load(one(objects, "ConfigMap", "airflow-files")["data"]["worker.yaml"]) == own
    assert (
        _config(objects)["AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE"] == "/config/worker.yaml"
    )


def test_volumes_are_of_the_class_that_is_named() -> None:
    for objects, name in ((smallest("airflow"), None), (fullest("airflow"), "standard")):
        postgresql = one(objects, "StatefulSet", "airflow-postgresql")
        (template,) = postgresql["spec"]["volumeClaimTemplates"]
        logs = one(objects, "PersistentVolumeClaim", "airflow-logs")
        for claim in (template, logs):
            assert claim["spec"].get("storageClassName") == name


def test_the_ui_is_reached_by_node_port_or_forwarding() -> None:
    service = one(fullest("airflow"), "Service", "airflow-api-server")["spec"]
    assert (service["type"], service["ports"][0]["nodePort"]) == ("NodePort", 30080)
    assert one(smallest("airflow"), "Service", "airflow-api-server")["spec"]["type"] == "ClusterIP"


def test_migrations_run_after_the_objects_they_need() -> None:
    job = one(fullest("meltano-pods"), "Job", "meltano-migrate")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    # One after the other; `shared` is migrated elsewhere.
    migrated = {each["name"]: each for each in containers(job["spec"]["template"])}
    assert set(migrated) == {"csv-to-json", "sales-eu", "plain"}
    for container in migrated.values():
        assert container["command"][-2:] == ["upgrade", "database"]
    container = migrated["csv-to-json"]
    assert container["workingDir"] == "/projects/csv_to_json"
    assert {"name": "MELTANO_ENVIRONMENT", "value": "prod"} in container["env"]
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "meltano"


def test_the_made_namespace_enforces_restricted() -> None:
    labels = one(fullest("meltano-pods"), "Namespace", "pipelines")["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.35"


def test_nobody_connects_to_pods_and_they_reach_what_is_listed() -> None:
    default = one(smallest("meltano-pods"), "NetworkPolicy", "meltano-pods")["spec"]
    assert default["podSelector"] == {}
    assert default["policyTypes"] == ["Ingress", "Egress"]
    assert default["ingress"] == []
    names, world = default["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    metadata = {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
    assert world["to"] == [{"ipBlock": metadata}]
    assert [port["port"] for port in world["ports"]] == [443, 5432]

    names, database, inside = one(fullest("meltano-pods"), "NetworkPolicy", "meltano-pods")["spec"][
        "egress"
    ]
    assert names["to"][1] == {"ipBlock": {"cidr": "169.254.20.10/32"}}
    (peer,) = database["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "astro"}
    assert "ports" not in inside


def test_names_can_be_asked_nowhere() -> None:
    values: dict[str, object] = {"networkPolicy": {"dns": None, "egress": []}}
    policy = one(render("meltano-pods", values), "NetworkPolicy", "meltano-pods")["spec"]
    assert not policy["egress"]


def test_no_pod_of_the_namespace_can_be_evicted() -> None:
    budget = one(smallest("meltano-pods"), "PodDisruptionBudget", "meltano-pods")["spec"]
    assert budget["selector"] == {}
    # Pods without a controller: only a whole number, from below, is taken.
    assert isinstance(budget["minAvailable"], int)
    assert "maxUnavailable" not in budget


def test_only_the_api_server_reads_logs_and_only_clients_reach_the_database() -> None:
    objects = smallest("airflow")
    for name in ("scheduler", "triggerer"):
        (rule,) = one(objects, "NetworkPolicy", f"airflow-{name}")["spec"]["ingress"]
        labels = rule["from"][0]["podSelector"]["matchLabels"]
        assert labels["app.kubernetes.io/component"] == "api-server"
    (rule,) = one(objects, "NetworkPolicy", "airflow-postgresql")["spec"]["ingress"]
    assert len(rule["from"]) == 2


@pytest.mark.parametrize("component", ["api-server", "scheduler", "triggerer", "dag-processor"])
def test_components_are_probed(component: str) -> None:
    deployment = one(smallest("airflow"), "Deployment", f"airflow-{component}")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["airflow", component]
    assert {"startupProbe", "livenessProbe"} <= container.keys()
