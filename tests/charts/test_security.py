"""Every pod is admitted where `restricted` is enforced, and no secret is in plain sight."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.charts.helm import (
    MAXIMAL,
    NAMES,
    Manifest,
    containers,
    fullest,
    one,
    pods,
    render,
    smallest,
)
from tests.charts.restricted import laxness, violations

WHOLE: Manifest = {
    "metadata": {"name": "pod"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "main",
                "livenessProbe": {"tcpSocket": {"port": 1}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    },
}


def _container(pod: Manifest) -> Manifest:
    container: Manifest = pod["spec"]["containers"][0]
    return container


FAULTS: dict[str, Any] = {
    "hostNetwork": lambda pod: pod["spec"].update(hostNetwork=True),
    "hostPath": lambda pod: pod["spec"].update(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
    "sysctls": lambda pod: pod["spec"]["securityContext"].update(sysctls=[{"name": "a"}]),
    "runAsNonRoot": lambda pod: pod["spec"]["securityContext"].pop("runAsNonRoot"),
    "runAsUser": lambda pod: _container(pod)["securityContext"].update(runAsUser=0),
    "seccomp": lambda pod: pod["spec"]["securityContext"].pop("seccompProfile"),
    "privileged": lambda pod: _container(pod)["securityContext"].update(privileged=True),
    "allowPrivilegeEscalation": lambda pod: _container(pod)["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "not all dropped": lambda pod: _container(pod)["securityContext"].pop("capabilities"),
    "adds SYS_ADMIN": lambda pod: _container(pod)["securityContext"]["capabilities"].update(
        add=["SYS_ADMIN"]
    ),
    "hostPort": lambda pod: _container(pod).update(ports=[{"hostPort": 80}]),
    "names a host": lambda pod: _container(pod)["livenessProbe"]["tcpSocket"].update(host="x"),
    "procMount": lambda pod: _container(pod)["securityContext"].update(procMount="Unmasked"),
    "SELinux": lambda pod: pod["spec"]["securityContext"].update(seLinuxOptions={"user": "u"}),
}


def test_the_checker_accepts_a_hardened_pod() -> None:
    assert violations(WHOLE) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_the_checker_sees_each_fault(fault: str) -> None:
    pod = copy.deepcopy(WHOLE)
    FAULTS[fault](pod)
    assert [each for each in violations(pod) if fault in each]


@pytest.mark.parametrize("chart", NAMES)
def test_every_pod_is_restricted(chart: str) -> None:
    for objects in (smallest(chart), fullest(chart)):
        for where, pod in pods(objects).items():
            assert violations(pod) == [], where
            assert laxness(pod) == [], where


def test_local_executor_is_restricted_with_volumes_too() -> None:
    objects = render("airflow", {"executor": "LocalExecutor"}, MAXIMAL["airflow"])
    assert not [each for pod in pods(objects).values() for each in violations(pod)]


def test_only_what_talks_to_kubernetes_has_a_token() -> None:
    tokens = {
        where
        for objects in (smallest("airflow"), smallest("meltano-pods"), fullest("meltano-pods"))
        for where, pod in pods(objects).items()
        if pod["spec"]["automountServiceAccountToken"]
    }
    assert tokens == {"Deployment airflow-scheduler", "Deployment airflow-triggerer"}
    accounts = [each for each in smallest("airflow") if each["kind"] == "ServiceAccount"]
    assert not any(each["automountServiceAccountToken"] for each in accounts)


@pytest.mark.parametrize("chart", NAMES)
def test_secrets_are_only_references(chart: str) -> None:
    words = ("password", "secret_key", "jwt_secret", "fernet", "sql_alchemy_conn", "database_uri")
    for objects in (smallest(chart), fullest(chart)):
        variables = [
            each
            for pod in pods(objects).values()
            for container in containers(pod)
            for each in container.get("env", [])
        ]
        for each in variables:
            if any(word in each["name"].lower() for word in words):
                assert "secretKeyRef" in each["valueFrom"], each["name"]
        for config in (each for each in objects if each["kind"] == "ConfigMap"):
            for key in config["data"]:
                if not key.lower().endswith("passwords_file"):
                    assert not any(word in key.lower() for word in words), key


def test_a_worker_gets_neither_database_nor_keys() -> None:
    worker = pods(fullest("airflow"))["ConfigMap airflow-files worker.yaml"]
    (base,) = containers(worker)
    assert base["name"] == "base"
    assert not [each for each in base["env"] if "valueFrom" in each]


def test_a_migration_sees_one_secret_and_a_test_all_of_the_project() -> None:
    objects = fullest("meltano-pods")
    job = one(objects, "Job", "meltano-migrate")["spec"]["template"]
    (migration,) = [each for each in containers(job) if each["name"] == "sales-eu"]
    assert "envFrom" not in migration
    secrets = [each for each in migration["env"] if "valueFrom" in each]
    assert secrets == [
        {
            "name": "MELTANO_DATABASE_URI",
            "valueFrom": {"secretKeyRef": {"name": "sales", "key": "MELTANO_DATABASE_URI"}},
        }
    ]
    (test,) = containers(one(objects, "Pod", "meltano-test-sales-eu"))
    assert test["envFrom"] == [{"secretRef": {"name": "sales"}}]
