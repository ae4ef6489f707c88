"""One API server for all tests here; a namespace each, used with the permissions of the chart."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kubernetes")

from kubernetes.client import RbacAuthorizationV1Api
from meltano_pods.pods.cluster.driver import ClusterDriver

from tests.apiserver.launching import LAUNCHER, LOG
from tests.charts.helm import render
from tests.support.control_plane import ControlPlane, run_control_plane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernetes.client import CoreV1Api

_IMAGE = "registry.example.com/image:1"


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with run_control_plane(tmp_path_factory.mktemp("plane"), {LAUNCHER: "launcher"}) as plane:
        yield plane


@pytest.fixture(scope="session")
def admin(plane: ControlPlane) -> CoreV1Api:
    """A client that may do everything: the kubelet, other people, the test."""
    return plane.core()


@pytest.fixture
def namespace(plane: ControlPlane, admin: CoreV1Api) -> str:
    """A new namespace in which the launcher has the role of charts/meltano-pods."""
    name = f"test-{secrets.token_hex(4)}"
    admin.create_namespace({"metadata": {"name": name}})
    roles = RbacAuthorizationV1Api(plane.api())
    role = next(
        each
        for each in render("meltano-pods", {"image": _IMAGE})
        if each["kind"] == "Role" and each["metadata"]["name"].endswith("launcher")
    )
    roles.create_namespaced_role(name, {"metadata": {"name": "it"}, "rules": role["rules"]})
    roles.create_namespaced_role_binding(
        name,
        {
            "metadata": {"name": "it"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "it"},
            "subjects": [
                {"kind": "User", "name": "launcher", "apiGroup": "rbac.authorization.k8s.io"}
            ],
        },
    )
    return name


@pytest.fixture
def pods(plane: ControlPlane, namespace: str) -> ClusterDriver:
    """The pods of the namespace, as Airflow's worker reaches them."""
    client = plane.core(LAUNCHER)
    return ClusterDriver(lambda: client, namespace, LOG)
