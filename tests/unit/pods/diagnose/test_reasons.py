"""From what Kubernetes says to a category: statuses and events as clusters have written them."""

from __future__ import annotations

from typing import Any

import pytest
from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.containers import find_failed_container, find_oom_kill
from meltano_pods.pods.diagnose.reasons import (
    diagnose_missing,
    diagnose_start_timeout,
    diagnose_waiting,
    find_disruption,
)
from meltano_runner.contract.categories import Category

from tests.support.pods import container, ended, event, pod, waiting

UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 Insufficient memory.",
}

# Reason and message of a waiting container, category, whether waiting on is in vain.
WAITING = [
    ("ErrImagePull", 'failed to resolve reference "r/x:1": r/x:1: not found', "image_pull", True),
    ("ImagePullBackOff", 'Back-off pulling image "r/x:1"', "image_pull", True),
    ("ErrImagePull", "unauthorized: authentication required", "image_pull", True),
    ("InvalidImageName", 'Failed to apply default image tag "a b"', "image_pull", True),
    ("ErrImageNeverPull", "Container image is not present with pull policy", "image_pull", True),
    ("ErrImagePull", "toomanyrequests: You have reached your limit", "image_pull", False),
    ("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout", "image_pull", False),
    ("ErrImagePull", "unexpected status: 503 Service Unavailable", "image_pull", False),
    (
        "ImagePullBackOff",
        (
            'Back-off pulling image "docker.io/timeout:503": ErrImagePull: failed to resolve '
            'reference "docker.io/timeout:503": dial tcp: lookup registry-1.docker.io: no such host'
        ),
        "image_pull",
        True,
    ),
    (
        "ErrImagePull",
        "no match for platform in manifest: not found",
        "image_platform",
        True,
    ),
    ("CreateContainerConfigError", 'secret "meltano-shop-env" not found', "secret_missing", True),
    (
        "CreateContainerConfigError",
        "couldn't find key MELTANO_DATABASE_URI in Secret meltano/meltano-shop-env",
        "secret_missing",
        True,
    ),
    ("CreateContainerConfigError", 'configmap "ca" not found', "secret_missing", True),
    (
        "CreateContainerConfigError",
        "container has runAsNonRoot and image will run as root",
        "admission_denied",
        True,
    ),
    (
        "RunContainerError",
        'exec: "/usr/bin/tini": exec format error',
        "image_platform",
        True,
    ),
    ("CreateContainerError", "context deadline exceeded", "unknown", True),
]


@pytest.mark.parametrize(("reason", "message", "category", "final"), WAITING)
def test_waiting(reason: str, message: str, category: str, final: bool) -> None:
    found = diagnose_waiting(waiting(reason, message), [])
    assert found is not None
    assert (found.category, found.final) == (category, final)
    assert str(found) == f"{reason}: {message}"


def test_init_containers_count_too() -> None:
    state = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    found = diagnose_waiting(pod(None, initContainerStatuses=[container(state, "prepare")]), [])
    assert found is not None
    assert found.category is Category.IMAGE_PULL


def test_nothing_is_known_to_be_wrong() -> None:
    assert diagnose_waiting(waiting("ContainerCreating"), []) is None
    assert diagnose_waiting(pod(), [event("Scheduled", kind="Normal")]) is None


def test_a_volume_of_a_missing_secret_shows_in_events_alone() -> None:
    message = 'MountVolume.SetUp failed for volume "tls" : secret "tls" not found'
    found = diagnose_waiting(waiting("ContainerCreating"), [event("FailedMount", message)])
    assert found is not None
    assert (found.category, found.message) == (Category.SECRET_MISSING, message)


def test_no_node() -> None:
    found = diagnose_waiting(pod(conditions=[UNSCHEDULABLE]), [])
    assert found is not None
    assert (found.category, found.final) == (Category.UNSCHEDULABLE, False)
    assert diagnose_start_timeout(pod(conditions=[UNSCHEDULABLE]), []) == found


@pytest.mark.parametrize(
    ("message", "final"),
    [
        ('0/1 nodes are available: persistentvolumeclaim "output" not found. preemption: 0', True),
        ('persistentvolumeclaim "output" not found', True),
        ('0/3 nodes are available: persistentvolumeclaim "output" is being deleted.', True),
        ("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", False),
        ("0/1 nodes are available: 1 node(s) had volume node affinity conflict.", False),
    ],
)
def test_waiting_does_not_create_a_volume_claim(message: str, *, final: bool) -> None:
    condition = {**UNSCHEDULABLE, "message": message}
    found = diagnose_waiting(pod(conditions=[condition]), [])
    assert found is not None
    assert (found.category, found.message, found.final) == (
        Category.UNSCHEDULABLE, message, final,
    )  # fmt: skip


def test_not_started_in_time() -> None:
    slow = diagnose_start_timeout(waiting("ErrImagePull", "i/o timeout"), [])
    assert (slow.category, slow.reason) == (Category.START_TIMEOUT, "ErrImagePull")
    events = [
        event("FailedCreatePodSandBox", "network is not ready", at=9),
        event("Scheduled", kind="Normal", at=20),
        event("FailedMount", "timed out waiting for the condition", at=3),
    ]
    warned = diagnose_start_timeout(waiting("ContainerCreating"), events)
    assert (warned.category, str(warned)) == (
        Category.START_TIMEOUT,
        "FailedCreatePodSandBox: network is not ready",
    )
    assert diagnose_start_timeout(waiting("ContainerCreating"), []).reason == "ContainerCreating"
    assert diagnose_start_timeout(pod(), []).reason == "Pending"


# The pod's reason and message, its DisruptionTarget's reason, category.
DISRUPTED = [
    ("Evicted", "The node was low on resource: memory.", None, "evicted"),
    (
        "Evicted",
        "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
        "TerminationByKubelet",
        "disk_full",
    ),
    ("Evicted", 'Usage of EmptyDir volume "scratch" exceeds the limit "1Gi". ', None, "disk_full"),
    ("DeadlineExceeded", "Pod was active on the node longer than 60 s", None, "timed_out"),
    ("NodeLost", "Node node1 which was running pod is unresponsive", None, "node_lost"),
    ("Terminated", "Pod was terminated in response to imminent node shutdown.", None, "node_lost"),
    ("OutOfmemory", "Pod was rejected: Node didn't have enough resource", None, "unschedulable"),
    ("Preempting", "Preempted in order to admit critical pod", None, "preempted"),
    (None, None, "PreemptionByScheduler", "preempted"),
    (None, None, "EvictionByEvictionAPI", "evicted"),
    (None, None, "DeletionByTaintManager", "node_lost"),
    (None, None, "DeletionByPodGC", "node_lost"),
]


@pytest.mark.parametrize(("reason", "message", "target", "category"), DISRUPTED)
def test_disrupted(
    reason: str | None, message: str | None, target: str | None, category: str
) -> None:
    status: dict[str, Any] = {"phase": "Failed", "reason": reason, "message": message}
    if target is not None:
        condition = {"type": "DisruptionTarget", "status": "True", "reason": target, "message": "m"}
        status["conditions"] = [condition]
    found = find_disruption(pod(**status))
    assert found is not None
    assert (found.category, found.reason) == (category, reason or target)


def test_not_disrupted() -> None:
    assert find_disruption(pod(ended(1))) is None


@pytest.mark.parametrize("code", [137, 1, 0])
def test_out_of_memory_whatever_the_exit_code(code: int) -> None:
    found = find_oom_kill(pod(ended(code, "OOMKilled")))
    assert found is not None
    assert str(found) == f"OOMKilled: container meltano, exit code {code}"
    assert find_oom_kill(pod(ended(137, "Error"))) is None


def test_a_failed_container() -> None:
    found = find_failed_container(pod(ended(3, message="{}")))
    assert str(found) == "Error: container meltano, exit code 3"
    start = pod(ended(128, "StartError", 'exec: "run": executable file not found in $PATH'))
    assert str(find_failed_container(start)) == (
        'StartError: container meltano, exit code 128: exec: "run": executable file not found in '
        "$PATH"
    )
    other = find_failed_container(pod(ended(255, "Error", "exec /usr/bin/tini: exec format error")))
    assert other is not None
    assert other.category is Category.IMAGE_PLATFORM
    assert find_failed_container(pod(ended(0))) is None


GONE = [
    ([event("Preempted", "Preempted by pod x on node y")], "preempted"),
    ([event("Evicted", "The node was low on resource")], "evicted"),
    ([event("TaintManagerEviction", "Marking for deletion")], "node_lost"),
    ([event("NodeNotReady", "Node is not ready")], "node_lost"),
    ([event("Started", kind="Normal"), event("Killing", "Stopping container meltano")], "pod_lost"),
    ([], "pod_lost"),
    ([event("Evicted", at=1), event("NodeNotReady", at=2)], "node_lost"),
]


@pytest.mark.parametrize(("events", "category"), GONE)
def test_gone(events: list[dict[str, Any]], category: str) -> None:
    assert diagnose_missing(events).category == category


def test_the_latest_event_counts_by_whichever_time_it_has() -> None:
    old = {"reason": "Evicted", "eventTime": "2026-01-02T03:05:09.000000Z"}
    new = {"reason": "Preempted", "metadata": {"creationTimestamp": "2026-01-02T03:06:00Z"}}
    assert diagnose_missing([old, new]).category is Category.PREEMPTED


def status(message: str, reason: str = "Forbidden") -> str:
    return f'{{"kind": "Status", "reason": "{reason}", "message": "{message}"}}'


@pytest.mark.parametrize(
    ("message", "final"),
    [
        ('Failed to pull image "r/x:1": dial tcp 10.0.0.1:443: connect: no route to host', False),
        ('Failed to pull image "r/x:1": lookup r on 10.96.0.10:53: server misbehaving', False),
        ('Failed to pull image "r/x:1": unexpected status code 429 Too Many', False),
        ('Failed to pull image "r/x:1": context deadline exceeded', False),
        ('Failed to pull image "r/x:1": rpc error: not found', True),
    ],
)
def test_a_kubelet_that_says_only_in_an_event_why_it_cannot_pull(
    message: str, *, final: bool
) -> None:
    backing_off = waiting("ImagePullBackOff", 'Back-off pulling image "r/x:1"')
    events = [
        {"reason": "BackOff", "message": "Back-off"},
        {"reason": "Failed", "message": message},
    ]
    found = diagnose_waiting(backing_off, events)
    assert found is not None
    assert (found.category, found.message, found.final) == (Category.IMAGE_PULL, message, final)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "SchedulingGated: Scheduling is blocked due to non-empty scheduling gates"),
        (
            {"kueue.x-k8s.io/queue-name": "nightly"},
            "SchedulingGated: in the queue `nightly` of Kueue; Scheduling is blocked",
        ),
    ],
)
def test_a_pod_that_waits_for_its_turn(labels: dict[str, str], words: str) -> None:
    gated = {
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }  # fmt: skip
    there = pod(None, conditions=[gated])
    there["metadata"]["labels"] = labels
    found = diagnose_waiting(there, [])
    assert found is not None
    assert str(found).startswith(words)
    assert not found.final


REFUSED = [
    (403, 'pods \\"x\\" is forbidden: exceeded quota: q, requested: pods=1', "quota_exceeded"),
    (403, 'pods \\"x\\" is forbidden: failed quota: q: must specify limits', "quota_exceeded"),
    (
        403,
        'pods \\"x\\" is forbidden: violates PodSecurity \\"restricted:latest\\": runAsNonRoot',
        "admission_denied",
    ),
    (403, 'pods \\"x\\" is forbidden: maximum memory usage is 1Gi', "admission_denied"),
    (403, 'error looking up service account meltano/x: serviceaccount \\"x\\" not found',
     "admission_denied"),
    (400, 'admission webhook \\"policy.example.com\\" denied the request: no', "admission_denied"),
    (500, 'Internal error: failed calling webhook \\"p\\"', "unknown"),
    (422, 'Pod \\"x\\" is invalid: spec.containers[0].image: Required value', "admission_denied"),
    (
        403,
        'pods is forbidden: User \\"system:serviceaccount:airflow:a\\" cannot create resource',
        "forbidden",
    ),
    (401, "Unauthorized", "forbidden"),
    (404, 'namespaces \\"meltano\\" not found', "forbidden"),
    (503, "etcdserver: leader changed", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "category"), REFUSED)
def test_refused(code: int, message: str, category: str) -> None:
    found = diagnose_api_error(ApiError(code, "Reason", status(message)))
    assert found.category == category
    # Kubernetes' own words stay verbatim.
    assert message.replace('\\"', '"') in found.message
    assert f"HTTP {code}" in found.message


@pytest.mark.parametrize("body", [None, b"", "not json", "[]", b"\xff"])
def test_answers_that_are_no_status(body: Any) -> None:
    assert (
        diagnose_api_error(ApiError(403, "Forbidden", body)).category is Category.ADMISSION_DENIED
    )
    assert diagnose_api_error(ApiError(None, None, body)).category is Category.UNKNOWN
