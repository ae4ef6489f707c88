"""What Airflow's service accounts may do with the roles of both charts, and what they may not."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.importorskip("kubernetes")

from kubernetes.client import AuthorizationV1Api, RbacAuthorizationV1Api

from tests.charts.helm import Manifest, render

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api

    from tests.support.control_plane import ControlPlane

SENSITIVE = ("secrets", "configmaps", "pods/exec", "pods/attach", "serviceaccounts/token")


class Permissions(NamedTuple):
    """The charts' roles in two namespaces of the API server.

    Attributes:
        plane: The API server.
        executor: Airflow's.
        airflow: The namespace of Airflow.
        meltano: The namespace of the pods.
    """

    plane: ControlPlane
    executor: str
    airflow: str
    meltano: str

    def allow(self, account: str, verb: str, what: str, namespace: str) -> bool:
        """Whether a service account of Airflow may do this."""
        resource, _, part = what.partition("/")
        attributes = {"namespace": namespace, "verb": verb, "resource": resource}
        user = f"system:serviceaccount:{self.airflow}:airflow-{account}"
        spec = {"user": user, "resourceAttributes": {**attributes, "subresource": part}}
        reviews = AuthorizationV1Api(self.plane.api())
        return bool(reviews.create_subject_access_review({"spec": spec}).status.allowed)


@pytest.fixture(scope="module", params=["LocalExecutor", "KubernetesExecutor"])
def permissions(
    request: pytest.FixtureRequest, plane: ControlPlane, admin: CoreV1Api
) -> Permissions:
    end = secrets.token_hex(4)
    found = Permissions(plane, request.param, f"airflow-{end}", f"meltano-{end}")
    image = {"image": "registry.example.com/image:1"}
    create(plane, admin, found.airflow, render("airflow", image | {"executor": found.executor}))
    text = json.dumps(render("meltano-pods", image))
    # The service accounts whose permissions its values name are those of the namespace `airflow`.
    objects = json.loads(text.replace('"namespace": "airflow"', f'"namespace": "{found.airflow}"'))
    create(plane, admin, found.meltano, objects)
    return found


def create(plane: ControlPlane, admin: CoreV1Api, namespace: str, objects: list[Manifest]) -> None:
    """Create a namespace with the roles and bindings of a chart."""
    admin.create_namespace({"metadata": {"name": namespace}})
    roles = RbacAuthorizationV1Api(plane.api())
    makers = {
        "Role": roles.create_namespaced_role,
        "RoleBinding": roles.create_namespaced_role_binding,
    }
    text = json.dumps([each for each in objects if each["kind"] in makers])
    for each in json.loads(text.replace('"namespace": "here"', f'"namespace": "{namespace}"')):
        makers[each["kind"]](namespace, each)


@pytest.mark.parametrize("account", ["scheduler", "triggerer", "api-server", "worker"])
def test_no_account_reads_secrets_or_enters_pods(permissions: Permissions, account: str) -> None:
    # A secret of one pod each, which the setting `airflow_env` needs.
    launches = {(who, permissions.meltano, "create", "secrets") for who in ("scheduler", "worker")}
    found = {
        (account, namespace, verb, what)
        for namespace in (permissions.airflow, permissions.meltano)
        for verb in ("get", "create")
        for what in SENSITIVE
        if permissions.allow(account, verb, what, namespace)
    }
    assert found == {each for each in launches if each[0] == account}


def test_each_account_does_its_work_and_no_other(permissions: Permissions) -> None:
    airflow, meltano = permissions.airflow, permissions.meltano
    workers = permissions.executor == "KubernetesExecutor"
    asked = {
        (account, verb, what, namespace)
        for account in ("scheduler", "triggerer", "api-server", "worker")
        for verb, what in (("create", "pods"), ("list", "pods"), ("get", "pods/log"))
        for namespace in (airflow, meltano)
    }
    launcher = {("create", "pods"), ("list", "pods"), ("get", "pods/log")}
    expected = {(who, *each, meltano) for who in ("scheduler", "worker") for each in launcher}
    expected |= {("triggerer", *each, meltano) for each in launcher - {("create", "pods")}}
    if workers:
        expected |= {("scheduler", *each, airflow) for each in launcher}
        expected |= {("api-server", *each, airflow) for each in launcher - {("create", "pods")}}
    assert {each for each in asked if permissions.allow(*each)} == expected
