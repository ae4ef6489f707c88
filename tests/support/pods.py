"""Pods as `kubectl get -o json` shows them, and what a task wants of one, for tests to change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.pods.spec.naming import TaskInstanceTry
from meltano_pods.pods.spec.options import ClusterAccess, PodOptions
from meltano_runner.contract.categories import Category
from meltano_runner.contract.message import encode_result
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult

from tests.support.checkout import ROOT

TEMPLATES = ROOT / "k8s" / "pod_templates"
RUN = TaskInstanceTry("shop", "shop.daily", "tap-a-to-target-b", "run1", -1, 1, "attempt-1")
OK = RunResult(
    Outcome.SUCCEEDED,
    0,
    extracted=12,
    seconds=3.0,
    pipelines=(
        PipelineResult(
            "tap-a", "target-b", "daily", state_saved=True, streams=(StreamResult("s", 12),)
        ),
    ),
)


SPEC = RunSpec(("run", "tap-a", "target-b", "--state-id", "daily"), "prod", {"A": "b"})
SMALL: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "example", "namespace": "there"},
    "spec": {
        "containers": [
            {
                "name": "meltano",
                "image": "template",
                "args": ["run", "x", "y"],
                "envFrom": [{"configMapRef": {"name": "for-all"}}],
                "resources": {"requests": {"memory": "512Mi"}, "limits": {"memory": "512Mi"}},
            }
        ]
    },
}
FAILED = RunResult(Outcome.FAILED, 1, Category.TARGET_FAILED, "target-b", "PermissionError: out")


def container(state: dict[str, Any], name: str = "meltano") -> dict[str, Any]:
    """Return the status of one container."""
    return {"name": name, "state": state, "image": "i", "imageID": "", "ready": False,
            "restartCount": 0}  # fmt: skip


RUNNING = {"phase": "Running", "containerStatuses": [container({"running": {}})]}
"""The status of a running pod."""


def options(**changes: Any) -> PodOptions:
    """Return the options of a project that says nothing, with `changes`."""
    plain = PodOptions(
        template=TEMPLATES / "default.yaml",
        project_root="/meltano/shop",
        digest=None,
        namespace=None,
        image=None,
        image_pull_policy=None,
        image_pull_secrets=(),
        service_account=None,
        queue=None,
        secrets=("meltano-shop-env",),
        secret_env={},
        airflow_env={},
        not_secret=(),
        database_secret="meltano-shop-env",
        resources={},
        equal_resources=False,
        override={},
        start_timeout=600.0,
        termination_grace_period=120.0,
        run_timeout=None,
        deferrable=False,
        deployment="",
        cluster=ClusterAccess(),
    )
    return replace(plain, **changes)


def ended(code: int = 0, reason: str | None = None, message: object = OK) -> dict[str, Any]:
    """Return the state of a container that has ended; a result becomes its message."""
    text = encode_result(message) if isinstance(message, RunResult) else message
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason or ("Error" if code else "Completed"),
            "message": text,
            "startedAt": "2026-01-02T03:04:05Z",
            "finishedAt": "2026-01-02T03:04:09Z",
        }
    }


def pod(state: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """Return a pod whose run's container is in `state`; none yet without one."""
    if state is not None:
        status.setdefault("containerStatuses", [container(state)])
        done = state.get("terminated")
        phase = ("Succeeded" if done["exitCode"] == 0 else "Failed") if done else "Running"
        status.setdefault("phase", phase)
    status.setdefault("phase", "Pending")
    return {
        "metadata": {
            "name": "shop-x-1",
            "namespace": "meltano",
            "uid": "u1",
            "creationTimestamp": "2026-01-02T03:04:00Z",
        },
        "status": status,
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """Return a pending pod whose run's container waits."""
    return pod(None, **waits(reason, message))


def event(reason: str, message: str = "", kind: str = "Warning", at: int = 0) -> dict[str, Any]:
    """Return an event about the pod."""
    stamp = f"2026-01-02T03:05:{at:02d}Z"
    return {"reason": reason, "message": message, "type": kind, "lastTimestamp": stamp}


def over(state: dict[str, Any], **status: Any) -> dict[str, Any]:
    """Return the status of a pod that is over, of its container's state."""
    phase = "Succeeded" if state["terminated"]["exitCode"] == 0 else "Failed"
    return {"phase": phase, "containerStatuses": [container(state)], **status}


def waits(reason: str, message: str = "") -> dict[str, Any]:
    """Return the status of a pending pod whose run's container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [container(state)]}


def main(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the container of a pod's run."""
    found: dict[str, Any] = pod["spec"]["containers"][0]
    return found


def env(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of that container: values, or where they come from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in main(pod)["env"]}
