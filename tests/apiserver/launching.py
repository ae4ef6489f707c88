"""Starts pods as a task does, and changes them as the kubelet does."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.run.launch import launch
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod

from tests.support.pods import RUN, SMALL, options

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.api import Pods

LOG = logging.getLogger("launch")
NAME = naming.build_pod_name(RUN)
RETRY = replace(RUN, try_number=2, ti_id="attempt-2")


def build(namespace: str, run: naming.TaskInstanceTry = RUN) -> dict[str, Any]:
    spec = RunSpec(("run", "a", "b"), None, {})
    return build_pod(SMALL, options(namespace=namespace), spec, run)


def start(pods: Pods, run: naming.TaskInstanceTry = RUN) -> dict[str, Any]:
    return launch(pods, build(pods.namespace, run), run, killed=lambda: False, log=LOG)


def touch(admin: CoreV1Api, namespace: str) -> None:
    """Change the status, as the kubelet does all the time."""
    condition = {"type": "Ready", "status": "False", "reason": "Test", "lastProbeTime": None}
    body = {"status": {"phase": "Running", "conditions": [condition]}}
    admin.patch_namespaced_pod_status(NAME, namespace, body)
