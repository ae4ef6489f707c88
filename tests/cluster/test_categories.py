"""Each category of failure, caused for real, as Airflow's log tells it."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
from meltano_pods.pods.lifecycle.reap import SETTLE
from meltano_runner.contract.categories import CATEGORIES, Category

from tests.cluster.hints import expected_fix
from tests.support.waiting import wait_for
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.images.build import MELTANO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(900)

# By job of projects/faults: the category, and what of Kubernetes' or the plugin's own words the log
# holds beside its summary and hint.
CASES = {
    "failing-tap": (Category.TAP_FAILED, ["plugin: tap-fails", "the source said: no such table"]),
    "failing-target": (Category.TARGET_FAILED, ["plugin: target-fails", "permission denied for"]),
    "memory-of-tap": (Category.OUT_OF_MEMORY, ["kubernetes: OOMKilled", "plugin: tap-greedy"]),
    "memory-of-target": (
        Category.OUT_OF_MEMORY,
        ["kubernetes: OOMKilled", "plugin: target-greedy"],
    ),
    "memory-of-runner": (Category.OUT_OF_MEMORY, ["kubernetes: OOMKilled"]),
    "disk-full": (Category.DISK_FULL, ["No space left on device"]),
    "plugin-missing": (Category.PLUGIN_MISSING, ["absent.py"]),
    "image-pull": (Category.IMAGE_PULL, ["kubernetes: ", "/meltano:absent"]),
    "image-platform": (Category.IMAGE_PLATFORM, ["exec format error"]),
    "config-drift": (Category.CONFIG_DRIFT, ["meltano.yml"]),
    "secret-missing": (
        Category.SECRET_MISSING,
        ["CreateContainerConfigError", '"absent" not found'],
    ),
    "database-unreachable": (Category.STATE_BACKEND_UNAVAILABLE, []),
    "unschedulable": (
        Category.UNSCHEDULABLE,
        ["kubernetes: Unschedulable", "node(s) didn't match"],
    ),
    "quota-exceeded": (Category.QUOTA_EXCEEDED, ["exceeded quota: meltano-pods"]),
    "admission-denied": (
        Category.ADMISSION_DENIED,
        ['violates PodSecurity "restricted', "hostNetwork"],
    ),
    "forbidden": (Category.FORBIDDEN, ["airflow-scheduler", 'in the namespace "default"']),
    "start-timeout": (Category.START_TIMEOUT, ["kubernetes: "]),
    "init-failing": (
        Category.CONTAINER_FAILED,
        ["init container vault, exit code 3", "[vault] the vault is sealed"],
    ),
    "sidecar-crashing": (
        Category.CONTAINER_FAILED,
        ["CrashLoopBackOff: sidecar proxy", "last exit code 7", "[proxy] no certificate"],
    ),
    "timed-out": (
        Category.TIMED_OUT,
        ["stopped by timeout of 20 s", "state dev:tap-endless-to-target saved"],
    ),
}


ORPHAN = "orphan"


@pytest.fixture(scope="session")
def runs(cluster: Cluster) -> Iterator[dict[str, str]]:
    """Start every case at once; its runs by job."""
    build_images(cluster)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "faults-unreachable", "namespace": MELTANO_NAMESPACE},
        "stringData": {"MELTANO_DATABASE_URI": "postgresql://nobody:none@localhost:1/nowhere"},
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(secret))
    try:
        found = {job: cluster.start(f"faults.job.{job}") for job in CASES}
        _leave_an_orphan(cluster, found["failing-tap"])
        yield found
    finally:
        cluster.kubectl("delete", "-f", "-", stdin=json.dumps(secret))


def _leave_an_orphan(cluster: Cluster, run_id: str) -> None:
    """Run a pod whose task is over: what is left of one whose worker and triggerer are lost."""
    dag_id = "faults.job.failing-tap"
    (failed,) = wait_for(
        "a pod that failed", lambda: cluster.pods_of(dag_id, phase="Failed", run_id=run_id) or None
    )
    metadata, spec = failed["metadata"], failed["spec"]
    (container,) = spec["containers"]
    kept = ("image", "resources", "securityContext")
    sleeper = {"name": "meltano", "command": ["sleep", "86400"]} | {
        key: container[key] for key in kept
    }
    orphan = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {key: metadata[key] for key in ("namespace", "labels", "annotations")}
        | {"name": ORPHAN},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": spec["securityContext"],
            "containers": [sleeper],
        },
    }
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(orphan))


def build_images(cluster: Cluster) -> None:
    """Push an image with another meltano.yml, and one for another processor."""
    # The first bytes of a program for arm64: enough for the kernel to reject it.
    foreign = (
        "printf '\\177ELF\\002\\001\\001\\0\\0\\0\\0\\0\\0\\0\\0\\0\\002\\0\\267\\0\\001\\0\\0\\0'"
    )
    dockerfiles = {
        "drifted": "RUN echo '# another' >>/meltano/faults/meltano.yml",
        "foreign": f'RUN {foreign} >/foreign && chmod 755 /foreign\nENTRYPOINT ["/foreign"]',
    }
    for tag, lines in dockerfiles.items():
        name = f"{cluster.settings.registry_host}/meltano:{tag}"
        dockerfile = f"FROM {MELTANO}\nUSER root\n{lines}\nUSER 10001:0\n"
        _docker("build", "--quiet", "--tag", name, "-", stdin=dockerfile)
        _docker("push", "--quiet", name)
        _docker("image", "rm", name)


def _docker(*words: str, stdin: str = "") -> None:
    ended = subprocess.run(
        ["docker", *words],  # noqa: S607
        input=stdin, capture_output=True, text=True, check=False,
        env=os.environ | {"DOCKER_BUILDKIT": "1"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("job", CASES)
def test_category(cluster: Cluster, runs: dict[str, str], job: str) -> None:
    dag_id, run_id = f"faults.job.{job}", runs[job]
    category, words = CASES[job]
    assert cluster.api.wait(dag_id, run_id, seconds=420) == "failed"
    log = cluster.log_of(dag_id, run_id)
    info = CATEGORIES[category]
    fix = expected_fix(category, "tap-fails")
    for wanted in (f"{category.value}: {info.summary}", f"fix: {fix}", *words):
        assert wanted in log, log
    assert ("look: kubectl" in log) == ("Created pod" in log)
    assert "HTTP response headers" not in log
    assert "\nTraceback" not in log


def test_a_retry_that_cannot_help_is_not_made(cluster: Cluster) -> None:
    dag_id = "faults.job.failing-tap-retried"
    run_id = cluster.start(dag_id)
    assert cluster.api.wait(dag_id, run_id, seconds=240) == "failed"
    assert "this was try 1 of 2" in cluster.log_of(dag_id, run_id, 1)
    assert "this was try 2 of 2" in cluster.log_of(dag_id, run_id, 2)
    # The task ends with the container; its pod's phase comes a moment later.
    failed = partial(cluster.pods_of, dag_id, phase="Failed", run_id=run_id)
    wait_for("both pods to be kept", lambda: len(failed()) == 2)


def _settled(cluster: Cluster) -> bool:
    """Whether the orphan has the age at which its task is looked up, or is gone by then."""
    left = [pod for pod in cluster.get("pods") if pod["metadata"]["name"] == ORPHAN]
    assert all(pod["status"]["phase"] == "Running" for pod in left)
    made = [datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) for pod in left]
    return all(datetime.now(UTC) - each > SETTLE for each in made)


def test_what_failed_is_kept_and_then_reaped(cluster: Cluster, runs: dict[str, str]) -> None:
    for job, run_id in runs.items():
        cluster.api.wait(f"faults.job.{job}", run_id, seconds=420)
    (kept,) = cluster.pods_of("faults.job.failing-tap", phase="Failed", run_id=runs["failing-tap"])
    name = kept["metadata"]["name"]
    where = ("--namespace", MELTANO_NAMESPACE)
    assert "the source said: no such table" in cluster.kubectl(*where, "logs", name)
    wait_for("the orphan to be old enough", lambda: _settled(cluster))
    # As if an hour had gone by.
    cluster.kubectl(
        *where, "annotate", "pods", "--all", "--overwrite", "meltano-pods/keep-seconds=0"
    )
    run_id = cluster.start("meltano_pods.reaper")
    assert cluster.api.wait("meltano_pods.reaper", run_id, seconds=120) == "success"
    wait_for("the failed pods and the orphan to go", lambda: not cluster.get("pods"), 90)
