"""A followed log stays whole: over rotations, an API server that restarts, and revoked tokens."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.client import ApiClient, Configuration, CoreV1Api
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.lifecycle.deferral import WaitResult
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.pod_run import PodRun

from tests.images.engine import docker
from tests.support.waiting import wait_for
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

pytestmark = [pytest.mark.timeout(600), pytest.mark.alone]

KUBELET = "/var/lib/kubelet/config.yaml"
# Forty lines a second; a burst that fills the log file, and the end, when somebody says so.
WRITER = """
import os, sys, time
number = 0
def write(count, pad, pause):
    global number
    for _ in range(count):
        number += 1
        print(f"line {number} {'x' * pad}", flush=True)
        time.sleep(pause)
while not os.path.exists("/tmp/end"):
    if os.path.exists("/tmp/burst"):
        os.remove("/tmp/burst")
        write(6000, 200, 0)
    write(20, 20, 0.025)
write(20, 20, 0)
print('{"meltano_runner_result": {}, "log_lines": %d}' % number, flush=True)
"""


class Lines(logging.Handler):
    """Remembers what the follower relays.

    Attributes:
        numbers: The numbers of the lines, in the order in which they came.
        others: All else that was logged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("line "):
            self.numbers.append(int(text.split()[1]))
        else:
            self.others.append(text)


@pytest.fixture
def account(cluster: Cluster) -> Iterator[str]:
    """Return a service account that may read pods and their logs."""
    name = f"reader-{secrets.token_hex(3)}"
    in_namespace = ("--namespace", MELTANO_NAMESPACE)
    cluster.kubectl(*in_namespace, "create", "serviceaccount", name)
    binding = ("rolebinding", name, "--clusterrole=view")
    subject = f"--serviceaccount={MELTANO_NAMESPACE}:{name}"
    cluster.kubectl(*in_namespace, "create", *binding, subject)
    yield name
    for kind in ("rolebinding", "serviceaccount"):
        cluster.kubectl(*in_namespace, "delete", kind, name, "--ignore-not-found")


def connect(cluster: Cluster, account: str, made: list[str]) -> CoreV1Api:
    """Return a client with a token that was issued just now."""
    token = cluster.kubectl("--namespace", MELTANO_NAMESPACE, "create", "token", account)
    made.append(token)
    known = cluster.core.api_client.configuration
    own = Configuration(
        host=known.host, api_key={"BearerToken": token}, api_key_prefix={"BearerToken": "Bearer"}
    )
    own.ssl_ca_cert = known.ssl_ca_cert
    return CoreV1Api(ApiClient(own))


@contextmanager
def small_log_files(node: str) -> Iterator[None]:
    """Let the node rotate logs of more than a megabyte, and look often."""
    more = "containerLogMaxSize: 1Mi\\ncontainerLogMonitorInterval: 3s\\n"
    docker("exec", node, "cp", KUBELET, f"{KUBELET}.before")
    docker("exec", node, "sh", "-c", f"printf '\\n{more}' >> {KUBELET}")
    docker("exec", node, "systemctl", "restart", "kubelet")
    try:
        yield
    finally:
        docker("exec", node, "mv", f"{KUBELET}.before", KUBELET)
        docker("exec", node, "systemctl", "restart", "kubelet")


def manifest(cluster: Cluster, name: str) -> dict[str, Any]:
    container = {
        "name": "meltano", "image": cluster.image(), "command": ["python", "-c", WRITER],
        "securityContext": {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True, "runAsUser": 50000, "seccompProfile": {"type": "RuntimeDefault"},
        },
    }  # fmt: skip
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_no_line_of_a_followed_log_is_lost_or_comes_twice(cluster: Cluster, account: str) -> None:
    name, node = f"writer-{secrets.token_hex(3)}", cluster.settings.node
    log, lines = logging.getLogger(name), Lines()
    log.setLevel(logging.INFO)
    log.addHandler(lines)
    tokens: list[str] = []
    driver = ClusterDriver(lambda: connect(cluster, account, tokens), MELTANO_NAMESPACE, log)
    run = PodRun(Observation(name), MELTANO_NAMESPACE, "", 300.0, log)
    in_pod = ("--namespace", MELTANO_NAMESPACE, "exec", name, "--", "touch")

    def follow() -> None:
        with driver.watching(run.observation):
            driver.drive(run.follow())

    def files() -> int:
        shown = docker("exec", node, "sh", "-c", f"ls /var/log/pods/*_{name}_*/meltano")
        return len(str(shown.stdout).split())

    def rotate() -> None:
        before = files()
        cluster.kubectl(*in_pod, "/tmp/burst")
        wait_for("the rotation", lambda: files() > before)
        grown(40)

    def grown(count: int) -> None:
        before = len(lines.numbers)
        wait_for(f"{count} more lines", lambda: len(lines.numbers) >= before + count)

    with small_log_files(node):
        wait_for("the node", lambda: cluster.try_kubectl("get", "nodes").returncode == 0)
        cluster.kubectl(
            "--namespace", MELTANO_NAMESPACE, "apply", "-f", "-",
            stdin=json.dumps(manifest(cluster, name)),
        )  # fmt: skip
        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            grown(100)
            rotate()
            rotate()
            # The token is revoked, and the connection breaks: the server is replaced.
            cluster.kubectl("--namespace", MELTANO_NAMESPACE, "delete", "serviceaccount", account)
            cluster.kubectl("--namespace", MELTANO_NAMESPACE, "create", "serviceaccount", account)
            stop = "kill $(grep -lx kube-apiserver /proc/[0-9]*/comm | cut -d/ -f3)"
            docker("exec", node, "sh", "-c", stop)
            wait_for("new credentials", lambda: len(tokens) > 1)
            grown(100)
            cluster.kubectl(*in_pod, "/tmp/end")
            follower.join(120)
            assert not follower.is_alive()
            followed = list(lines.numbers)
            late = PodRun(Observation(name), MELTANO_NAMESPACE, "", 300.0, log)
            driver.drive(late.resume(WaitResult("ended"), 0))
        finally:
            cluster.kubectl(
                "--namespace", MELTANO_NAMESPACE, "delete", "pod", name, "--ignore-not-found"
            )
    assert followed == list(range(1, len(followed) + 1)), lines.others
    assert len(followed) > 12_000
    assert run.observation.has_ended
    assert any("The cluster rejects the credentials" in each for each in lines.others)
    check_late_reading(followed, lines)


def check_late_reading(followed: list[int], lines: Lines) -> None:
    """Check that a reader after the end got only the last file, and reported what is missing."""
    read_late = lines.numbers[len(followed) :]
    assert read_late == followed[-len(read_late) :]
    (warning,) = (each for each in lines.others if "are missing" in each)
    missing = len(followed) - len(read_late)
    assert warning.startswith(f"{missing:,} of the {len(followed) + 1:,} lines")
