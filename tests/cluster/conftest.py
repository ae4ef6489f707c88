"""One cluster for all tests here, made by `make up` from a copy of this project."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.running_cluster import Cluster
from tests.images.engine import docker
from tests.support.clone import copy_of_this_project
from tests.support.inbox import Inbox
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.kind import NETWORK
from tools.cluster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECTS = Path(__file__).parent / "projects"
DAGS = Path(__file__).parent / "dags"
_ENVIRONMENT = {
    "CLUSTER_NAME": "meltano-pods-test",
    "AIRFLOW_PORT": "8090",
    "REGISTRY_PORT": "5090",
}
# What does not need the cluster's Airflow may run while another test restarts it, as it does with
# `pytest -n 2 --dist loadgroup`.
_BESIDE = {
    "test_astro_dev.py",
    "test_push.py",
    "test_template.py",
    "test_no_secret_in_an_image",
    "test_what_is_in_the_image_can_be_compared",
}
_HTTP = "apache-airflow-providers-http"
# Airflow gives up tasks whose worker, or scheduler, was killed silently: sooner here than
# after its 5 minutes, so that tests end.
_VALUES = """
  scheduler:
    task_instance_heartbeat_timeout: "15"
    task_instance_heartbeat_timeout_detection_interval: "5"
    orphaned_tasks_check_interval: "15"
"""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            beside = _BESIDE & {item.path.name, getattr(item, "originalname", item.name)}
            group = "beside" if beside else "airflow"
            item.add_marker(pytest.mark.xdist_group(group))
    # What a new user sees comes first, on a cluster that nobody has used; other values of the chart
    # last. Before that the reaper, whose prey needs an age.
    order = {
        "test_demo.py": -1,
        "test_what_failed_is_kept_and_then_reaped": 1,
        "test_a_project_of_ones_own": 2,
        "test_kubernetes_executor.py": 2,
        "test_notifications.py": 2,
    }
    items.sort(key=lambda item: order.get(item.path.name, order.get(item.name, 0)))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """Bring it up and, unless KEEP_CLUSTER=1, remove it in the end.

    Whichever worker of pytest-xdist comes first does the one, whichever goes last the other.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    clone, users, is_up = shared / "clone" / "meltano-pods", shared / "users", shared / "up"
    running = Cluster(clone, Settings.read(_ENVIRONMENT), _ENVIRONMENT)
    with _alone(shared):
        users.mkdir(exist_ok=True)
        (users / worker_id).touch()
        if not clone.exists():
            copy_of_this_project(clone)
            add_projects(running)
    try:
        with _alone(shared):
            if not is_up.exists():
                running.make("up")
                is_up.touch()
        yield running
    finally:
        running.close()
        with _alone(shared):
            (users / worker_id).unlink()
            if not list(users.iterdir()) and os.environ.get("KEEP_CLUSTER") != "1":
                running.make("down")
                is_up.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def inbox(cluster: Cluster) -> Iterator[Inbox]:
    """Open it on this machine's address in the network of the cluster's node."""
    path = f"{{{{.NetworkSettings.Networks.{NETWORK}.Gateway}}}}"
    with Inbox(docker("inspect", "--format", path, cluster.settings.node).stdout.strip()) as opened:
        yield opened


@pytest.fixture(scope="session")
def worker_values(cluster: Cluster, inbox: Inbox) -> None:
    """Change the values, as a user does: tasks run in workers, connections come from a Secret."""
    name = "airflow-connections"
    connections = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": AIRFLOW_NAMESPACE},
        "stringData": inbox.connections(),
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(connections))
    file = cluster.clone / "k8s" / "values" / "airflow.yaml"
    changed = f"executor: KubernetesExecutor\nenvironmentSecrets: [{name}]\n"
    file.write_text(changed + file.read_text())


@pytest.fixture(scope="session")
def workers(cluster: Cluster, worker_values: None) -> Cluster:  # noqa: ARG001
    """A cluster with those values, unless `make up` of a test before has brought them."""
    if cluster.airflow_setting("CORE__EXECUTOR") != "KubernetesExecutor":
        cluster.make("up")
    return cluster


def add_projects(cluster: Cluster) -> None:
    """Add the tests' own projects, as users add theirs: a folder, and a copy of a DAG file."""
    canary = f"canary-{secrets.token_hex(12)}"
    for project in sorted(PROJECTS.iterdir()):
        folder = cluster.clone / "meltano" / project.name
        shutil.copytree(project, folder)
        (folder / ".env").write_text(f"TAP_PASSWORD={canary}\n")
        file = folder / "meltano.yml"
        file.write_text(file.read_text().replace("REGISTRY", cluster.settings.registry_host))
        shutil.copy(
            cluster.clone / "dags" / "csv_to_json.py", cluster.clone / "dags" / f"{project.name}.py"
        )
    for file in DAGS.glob("*.py"):
        shutil.copy(file, cluster.clone / "dags")
    with (cluster.clone / "k8s" / "values" / "airflow.yaml").open("a") as values:
        values.write(_VALUES)
    # One of them tells a webhook.
    with (cluster.clone / "requirements.txt").open("a") as requirements:
        requirements.write(f"{_HTTP}=={version(_HTTP)}\n")
