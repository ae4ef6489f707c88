"""Starts pods as a task does, and changes them as the kubelet does."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.launch import launch
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod

from tests.support.pods import RUN, SMALL, options

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.driver import ClusterDriver

LOG = logging.getLogger("launch")
LAUNCHER = "launcher-token"
NAME = naming.build_pod_name(RUN)
RETRY = replace(RUN, try_number=2, ti_id="attempt-2")


def build(namespace: str, run: naming.TaskInstanceTry = RUN) -> dict[str, Any]:
    spec = RunSpec(("run", "a", "b"), None, {})
    return build_pod(SMALL, options(namespace=namespace), spec, run)


def start(pods: ClusterDriver, run: naming.TaskInstanceTry = RUN) -> dict[str, Any]:
    return pods.drive(launch(build(pods.namespace, run), run, WaitPolicy(600, lambda: False, LOG)))


def touch(admin: CoreV1Api, namespace: str, name: str = NAME) -> None:
    """Change the status, as the kubelet does all the time."""
    condition = {"type": "Ready", "status": "False", "reason": "Test", "lastProbeTime": None}
    body = {"status": {"phase": "Running", "conditions": [condition]}}
    admin.patch_namespaced_pod_status(name, namespace, body)


def finish(admin: CoreV1Api, namespace: str, name: str = NAME) -> None:
    """End the pod's container, as the kubelet reports it."""
    touch(admin, namespace, name)
    terminated = {
        "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-02T03:04:09Z",
        "startedAt": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    container = {
        "name": "meltano", "state": {"terminated": terminated}, "image": "i", "imageID": "",
        "ready": False, "restartCount": 0,
    }  # fmt: skip
    body = {"status": {"phase": "Failed", "containerStatuses": [container]}}
    admin.patch_namespaced_pod_status(name, namespace, body)
