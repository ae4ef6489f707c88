"""One cluster for all tests here, made by `make up` from a copy of this project."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clone import copy_of_this_project
from tests.cluster.running_cluster import Cluster
from tools.cluster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CANARY = f"canary-{secrets.token_hex(12)}"
"""A secret that must be found nowhere but where it was put."""
PROJECTS = Path(__file__).parent / "projects"
_ENVIRONMENT = {
    "CLUSTER_NAME": "meltano-pods-test",
    "AIRFLOW_PORT": "8090",
    "REGISTRY_PORT": "5090",
}
# Airflow gives up tasks whose worker, or scheduler, was killed without a word: sooner here than
# after its 5 minutes, so that tests end.
_VALUES = """
  scheduler:
    task_instance_heartbeat_timeout: "15"
    task_instance_heartbeat_timeout_detection_interval: "5"
    orphaned_tasks_check_interval: "15"
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.cluster)
    # What a new user sees comes first, on a cluster that nobody has used; another executor last.
    order = {"test_demo.py": -1, "test_kubernetes_executor.py": 1}
    items.sort(key=lambda item: order.get(item.path.name, 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the cluster is like."""
    report = yield
    running = getattr(item, "funcargs", {}).get("cluster")
    if report.failed and running is not None:
        report.sections.append(("cluster", running.diagnosis()))
    return report


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Bring it up and, unless KEEP_CLUSTER=1, remove it in the end."""
    settings = Settings.read(_ENVIRONMENT)
    clone = copy_of_this_project(tmp_path_factory.mktemp("clone") / "meltano-pods")
    running = Cluster(clone, settings, _ENVIRONMENT)
    add_projects(running)
    try:
        running.make("up")
        yield running
    finally:
        running.close()
        if os.environ.get("KEEP_CLUSTER") != "1":
            running.make("down")


def add_projects(cluster: Cluster) -> None:
    """Add the tests' own projects, as users add theirs: a folder, and a copy of a DAG file."""
    for project in sorted(PROJECTS.iterdir()):
        folder = cluster.clone / "meltano" / project.name
        shutil.copytree(project, folder)
        (folder / ".env").write_text(f"TAP_PASSWORD={CANARY}\n")
        file = folder / "meltano.yml"
        file.write_text(file.read_text().replace("REGISTRY", cluster.settings.registry_host))
        shutil.copy(
            cluster.clone / "dags" / "csv_to_json.py", cluster.clone / "dags" / f"{project.name}.py"
        )
    with (cluster.clone / "k8s" / "values" / "airflow.yaml").open("a") as values:
        values.write(_VALUES)
