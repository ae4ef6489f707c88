"""Which objects each switch makes, no more and no fewer, and what the roles allow."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.charts.helm import CHARTS, NAMES, Manifest, fullest, inventory, one, render, smallest

PODS_ALWAYS = ["ServiceAccount meltano-pods"]
PODS_SWITCHES: dict[str, list[str]] = {
    "limitRange": ["LimitRange meltano-pods"],
    "networkPolicy": ["NetworkPolicy meltano-pods"],
    "podDisruptionBudget": ["PodDisruptionBudget meltano-pods"],
    "resourceQuota": ["ResourceQuota meltano-pods"],
}
ROLES = ["Role meltano-pods-launcher", "Role meltano-pods-triggerer"]
BINDINGS = ["RoleBinding meltano-pods-launcher", "RoleBinding meltano-pods-triggerer"]

AIRFLOW = [
    "ConfigMap airflow-config",
    "ConfigMap airflow-files",
    "Deployment airflow-api-server",
    "Deployment airflow-dag-processor",
    "Deployment airflow-scheduler",
    "Deployment airflow-triggerer",
    "Job airflow-migrate",
    "NetworkPolicy airflow",
    "NetworkPolicy airflow-api-server",
    "NetworkPolicy airflow-postgresql",
    "NetworkPolicy airflow-scheduler",
    "NetworkPolicy airflow-triggerer",
    "PersistentVolumeClaim airflow-logs",
    "Pod airflow-test",
    "Secret airflow-database",
    "Secret airflow-keys",
    "Secret airflow-login",
    "Service airflow-api-server",
    "Service airflow-postgresql",
    "ServiceAccount airflow-api-server",
    "ServiceAccount airflow-dag-processor",
    "ServiceAccount airflow-migrate",
    "ServiceAccount airflow-postgresql",
    "ServiceAccount airflow-scheduler",
    "ServiceAccount airflow-triggerer",
    "StatefulSet airflow-postgresql",
]
KUBERNETES_EXECUTOR = [
    "Role airflow-api-server",
    "Role airflow-scheduler",
    "RoleBinding airflow-api-server",
    "RoleBinding airflow-scheduler",
    "ServiceAccount airflow-worker",
]

LAUNCHER = {
    "pods": {"create", "get", "list", "watch", "patch", "delete"},
    "pods/log": {"get"},
    "events": {"list", "watch"},
}
CREATES_SECRETS = {"secrets": {"create"}}
TRIGGERER = LAUNCHER | {"pods": {"get", "list", "watch", "delete"}}
API_SERVER = {"pods": {"get", "list"}, "pods/log": {"get"}}


def _made(objects: list[Manifest]) -> list[str]:
    """Return the inventory; the migration's Job without the part of its name that changes."""
    names = inventory(objects)
    return [name[: len("Job airflow-migrate")] if "Job airflow" in name else name for name in names]


def _rights(role: Manifest) -> dict[str, set[str]]:
    assert all(rule["apiGroups"] == [""] for rule in role["rules"])
    assert not any("resourceNames" in rule for rule in role["rules"])
    return {kind: set(rule["verbs"]) for rule in role["rules"] for kind in rule["resources"]}


@pytest.mark.parametrize("off", [(), *((each,) for each in PODS_SWITCHES), tuple(PODS_SWITCHES)])
@pytest.mark.parametrize("rbac", [True, False])
def test_meltano_pods(off: tuple[str, ...], rbac: bool) -> None:
    values: dict[str, Any] = {each: {"enabled": False} for each in off}
    objects = render("meltano-pods", values | {"rbac": {"create": rbac}})
    switched = [name for each in PODS_SWITCHES if each not in off for name in PODS_SWITCHES[each]]
    roles = [*ROLES, *BINDINGS] if rbac else []
    assert inventory(objects) == sorted([*PODS_ALWAYS, *switched, *roles])


def test_meltano_pods_binds_nobody_where_none_is_named() -> None:
    objects = render("meltano-pods", {"rbac": {"launchers": [], "triggerers": []}})
    assert not [each for each in inventory(objects) if each.startswith("RoleBinding")]


def test_meltano_pods_with_everything() -> None:
    projects = [
        "Job meltano-migrate",
        "Namespace pipelines",
        "Pod meltano-test-csv-to-json",
        "Pod meltano-test-plain",
        "Pod meltano-test-sales-eu",
        "Pod meltano-test-shared",
        "Secret meltano-csv-to-json-env",
        "ServiceAccount meltano",
    ]
    switched = [name for names in PODS_SWITCHES.values() for name in names]
    objects = fullest("meltano-pods")
    assert inventory(objects) == sorted([*projects, *switched, *ROLES, *BINDINGS])
    namespaces = {each["metadata"].get("namespace") for each in objects}
    assert namespaces == {"pipelines", None}  # None: the namespace itself


def test_migrations_can_be_switched_off() -> None:
    values = {"image": "a", "projects": {"one": {}}, "migration": {"enabled": False}}
    made = inventory(render("meltano-pods", values))
    assert "Pod meltano-test-one" in made
    assert not [each for each in made if each.startswith("Job")]
    elsewhere = {"image": "a", "projects": {"one": {"migrate": False}}}
    assert "Job meltano-migrate" not in inventory(render("meltano-pods", elsewhere))


def test_airflow() -> None:
    assert _made(smallest("airflow")) == sorted(AIRFLOW)


@pytest.mark.parametrize(
    ("values", "more", "fewer"),
    [
        ({"executor": "KubernetesExecutor"}, KUBERNETES_EXECUTOR, []),
        (
            {"networkPolicy": {"enabled": False}},
            [],
            [each for each in AIRFLOW if each.startswith("NetworkPolicy")],
        ),
        (
            {"logs": {"persistence": {"enabled": False}}},
            [],
            ["PersistentVolumeClaim airflow-logs"],
        ),
    ],
)
def test_airflow_switches(values: dict[str, Any], more: list[str], fewer: list[str]) -> None:
    made = _made(render("airflow", {"image": "a"} | values))
    assert made == sorted((set(AIRFLOW) - set(fewer)) | set(more))


def test_rights() -> None:
    meltano = smallest("meltano-pods")
    assert _rights(one(meltano, "Role", "meltano-pods-launcher")) == LAUNCHER | CREATES_SECRETS
    assert _rights(one(meltano, "Role", "meltano-pods-triggerer")) == TRIGGERER
    airflow = fullest("airflow")
    assert _rights(one(airflow, "Role", "airflow-scheduler")) == LAUNCHER
    assert _rights(one(airflow, "Role", "airflow-api-server")) == API_SERVER


def test_the_default_subjects_are_accounts_of_the_airflow_chart() -> None:
    made = inventory(render("airflow", {"image": "a", "executor": "KubernetesExecutor"}))
    for binding in BINDINGS:
        kind, _, name = binding.partition(" ")
        for subject in one(smallest("meltano-pods"), kind, name)["subjects"]:
            assert f"ServiceAccount {subject['name']}" in made
            assert subject["namespace"] == "airflow"


def test_the_roles_bind_as_they_are_told() -> None:
    objects = fullest("meltano-pods")
    for part, names in (("launcher", ["worker", "scheduler"]), ("triggerer", ["triggerer"])):
        binding = one(objects, "RoleBinding", f"meltano-pods-{part}")
        assert binding["roleRef"]["name"] == f"meltano-pods-{part}"
        assert [each["name"] for each in binding["subjects"]] == names
        assert {each["namespace"] for each in binding["subjects"]} == {"astro"}


@pytest.mark.parametrize("chart", NAMES)
def test_nothing_is_allowed_cluster_wide(chart: str) -> None:
    kinds = {each["kind"] for each in (*smallest(chart), *fullest(chart))}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}


@pytest.mark.parametrize("chart", NAMES)
def test_every_object_is_labelled(chart: str) -> None:
    for each in (*smallest(chart), *fullest(chart)):
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "release"
        assert labels["app.kubernetes.io/part-of"] == "meltano-pods"


@pytest.mark.parametrize("chart", NAMES)
def test_one_kind_per_file(chart: str) -> None:
    for file in (CHARTS / chart / "templates").rglob("*.yaml"):
        lines = file.read_text().splitlines()
        assert len({line for line in lines if line.startswith("kind: ")}) <= 1, file


def test_versions_match_the_images() -> None:
    requirements = (CHARTS.parent / "meltano_requirements.txt").read_text()
    meltano = yaml.safe_load((CHARTS / "meltano-pods" / "Chart.yaml").read_text())["appVersion"]
    assert f"\nmeltano=={meltano}" in requirements or f"]=={meltano}" in requirements
    lock = (CHARTS.parent / "locks" / "airflow.txt").read_text()
    airflow = yaml.safe_load((CHARTS / "airflow" / "Chart.yaml").read_text())["appVersion"]
    assert f"apache-airflow=={airflow} " in lock
