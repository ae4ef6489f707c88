"""The README's commands on a cluster; what a user sees, and what is kept."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.clone import README_COMMANDS
from tests.support.waiting import wait_for
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

DAG = "csv_to_json.daily"

pytestmark = pytest.mark.timeout(900)


def moved(shown: str) -> int:
    found = re.search(r"^([\d,]+) records? extracted, loaded: unknown$", shown, re.MULTILINE)
    assert found, shown
    return int(found[1].replace(",", ""))


def output_of(cluster: Cluster) -> list[str]:
    return cluster.make("output FILE=csv_to_json/orders.jsonl").splitlines()


def test_the_demo_moves_what_is_new_and_no_more(cluster: Cluster) -> None:
    # `make up` and `make down` are the fixture's.
    assert README_COMMANDS[4:] == ["make up", "make demo", "make output", "make down"]

    shown = cluster.make("demo")
    assert moved(shown) == 1200
    assert re.search(r"orders: 1,200 extracted, loaded: unknown, bookmark 2026-01-08T", shown)
    assert "state daily: saved" in shown
    assert re.search(
        r"^ *\d+\.\d s  tap-csv-to-target-jsonl( of \S+)?: success$", shown, re.MULTILINE
    )
    (pod,) = set(re.findall(r"^  (csv-to-json-\S+)$", shown, re.MULTILINE)[-1:])
    assert f"Created pod {pod} in namespace meltano" in shown
    assert re.search(r"1,200 records  csv_to_json/orders.jsonl", cluster.make("output"))

    assert moved(cluster.make("demo")) == 0

    assert len(output_of(cluster)) == 1200


def test_everything_outlives_its_pods(cluster: Cluster) -> None:
    before = {run["dag_run_id"] for run in cluster.api.runs(DAG)}
    if not before:  # this test alone
        cluster.make("demo")
        before = {run["dag_run_id"] for run in cluster.api.runs(DAG)}
    # The database's pod too.
    cluster.kubectl("--namespace", AIRFLOW_NAMESPACE, "delete", "pods", "--all", "--wait")
    rollout = ("rollout", "status", "--timeout=240s")
    for kind in ("statefulset/airflow-postgresql", "deployment"):
        cluster.kubectl("--namespace", AIRFLOW_NAMESPACE, *rollout, kind)
    wait_for("a healthy Airflow", lambda: not cluster.api.unwell())
    # Midnight adds one.
    assert before <= {run["dag_run_id"] for run in cluster.api.runs(DAG)}
    run_id = max(before)
    assert cluster.api.log(DAG, run_id, cluster.task_of(DAG, run_id)["task_id"])
    assert moved(cluster.make("demo")) == 0


def test_a_dag_that_is_not_there(cluster: Cluster) -> None:
    shown = cluster.make("demo DAG=csv_to_json.weekly", fails=True)
    assert re.search("There is no DAG csv_to_json.weekly; there are: .*csv_to_json.daily,", shown)
    assert "Traceback" not in shown


def test_a_file_that_is_not_there(cluster: Cluster) -> None:
    shown = cluster.make("output FILE=../../etc/passwd", fails=False)
    assert "there is no file ../../etc/passwd: `make output` lists them" in shown


def test_the_charts_tests(cluster: Cluster) -> None:
    for chart, namespace in (("airflow", AIRFLOW_NAMESPACE), ("meltano-pods", MELTANO_NAMESPACE)):
        ended = subprocess.run(
            [cluster.tool("helm"), "--kubeconfig", cluster.kubeconfig, "test", chart,
             "--namespace", namespace, "--logs"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Phase:          Succeeded" in ended.stdout
        cluster.kubectl(
            "--namespace", namespace, "delete", "pods", "--field-selector=status.phase=Succeeded",
            "--selector", "app.kubernetes.io/component=test",
        )  # fmt: skip
