"""The command line and a custom DAG, on a cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.waiting import wait_for
from tools.cluster.access import AIRFLOW_NAMESPACE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(900)

PROJECT = "csv_to_json"
JOB, ENDLESS = "csv_to_json.job.csv-to-json", "faults.job.endless"
TENANTS = {"north", "south", "east"}


# kubectl's current context is a cluster that nobody means: nothing listens on its port.
ELSEWHERE = {
    "apiVersion": "v1", "kind": "Config", "current-context": "prod", "users": [],
    "clusters": [{"name": "prod", "cluster": {"server": "https://127.0.0.1:9"}}],
    "contexts": [{"name": "prod", "context": {"cluster": "prod"}}],
}  # fmt: skip


class CommandLine:
    """`meltano-pods` in the clone, which says nothing about the cluster that it made."""

    def __init__(self, cluster: Cluster, kubeconfig: Path) -> None:
        script = cluster.clone / ".venv" / "bin" / "meltano-pods"
        self._start = [str(script)]
        self._clone = cluster.clone
        kubeconfig.write_text(yaml.safe_dump(ELSEWHERE))
        self._environment = {
            **{name: each for name, each in os.environ.items() if not name.startswith("MELTANO")},
            **cluster.environment,
            "KUBECONFIG": str(kubeconfig),
        }

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._start, command, *words],
            cwd=self._clone, env=self._environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # A shell lets what it runs in the background ignore Ctrl+C, these tests among it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip

    def __call__(self, command: str, *words: str) -> tuple[int, str, str]:
        process = self.start(command, *words)
        out, err = process.communicate(timeout=600)
        return process.returncode, out, err


@pytest.fixture
def command_line(cluster: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(cluster, tmp_path / "kubeconfig")


def test_doctor_finds_nothing_wrong_with_it(cluster: Cluster, command_line: CommandLine) -> None:
    context = ("--context", cluster.settings.context)
    code, out, err = command_line("doctor", PROJECT, *context, "--format", "json")
    found = json.loads(out)
    assert code == 0, out + err
    levels = {(each["topic"], each["level"]) for each in found}
    assert {("cluster", "ok"), ("namespace", "ok"), ("permissions", "ok")} <= levels
    assert cluster.canary() not in out + err
    account = f"system:serviceaccount:{AIRFLOW_NAMESPACE}:default"
    code, out, _ = command_line("doctor", PROJECT, "--as", account, "--format", "json")
    assert code == 1
    permissions = [each for each in json.loads(out) if each["topic"] == "permissions"]
    assert any("create pods" in each["what"] for each in permissions)


def test_a_pipeline_runs_without_airflow(cluster: Cluster, command_line: CommandLine) -> None:
    suffix = ("--state-id-suffix", "by-hand")
    code, out, err = command_line("run", JOB, "--kubernetes", *suffix, "--format", "json")
    assert code == 0, err
    made = f"Cluster {cluster.settings.context} (https://127.0.0.1:"
    assert err.startswith(made)
    assert f", made by `make up`), namespace meltano, image {cluster.image()}\n" in err
    (result,) = json.loads(out)
    assert result["pipelines"][0]["state_id"].endswith(":tap-csv-to-target-jsonl:by-hand")
    assert result["extracted"] >= 1200
    assert "Created pod " in err
    assert "tap-csv: " in err
    wait_for("the pod to be gone", lambda: cluster.pods_of(JOB) == [])


def test_only_one_at_a_time_and_a_stop_saves_the_state(
    cluster: Cluster, command_line: CommandLine
) -> None:
    cluster.forget_runs("faults")
    first = command_line.start("run", ENDLESS, "--kubernetes")
    try:
        name = cluster.running_pod(ENDLESS)
        code, _, err = command_line("run", ENDLESS, "--kubernetes")
        assert code == 1
        assert f"the task is already running in pod {name}" in err
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=120)
    finally:
        first.kill()
    assert first.returncode == 130
    assert f"Interrupted: stopping pod {name}, which saves its state" in err
    wait_for("the pod to be gone", lambda: cluster.pods_of(ENDLESS) == [])


def test_what_is_in_the_image_can_be_compared(command_line: CommandLine) -> None:
    code, out, err = command_line("doctor", PROJECT, "--pod", "--format", "json")
    (pod,) = [each for each in json.loads(out) if each["topic"] == "pod"]
    assert (code, pod["level"]) == (0, "ok"), err


def test_tenants_have_a_pod_each(cluster: Cluster) -> None:
    run_id = cluster.start("tenants.load")

    def ended() -> bool:
        (run,) = [each for each in cluster.api.runs("tenants.load") if each["dag_run_id"] == run_id]
        assert run["state"] != "failed"
        return bool(run["state"] == "success")

    wait_for("the tenants' runs to succeed", ended, 400)
    tasks: list[dict[str, Any]] = cluster.api.tasks("tenants.load", run_id)
    assert {each["rendered_map_index"] for each in tasks} == TENANTS
    names = set()
    for index in range(3):
        path = f"/api/v2/dags/tenants.load/dagRuns/{run_id}/taskInstances/load/xcomEntries"
        entry = cluster.api.call("GET", f"{path}/pod_name?map_index={index}")
        names.add(entry["value"])
    assert len(names) == 3
