"""As much of Kubernetes' client as the launcher asks for, over pods that are plain data."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from kubernetes.client import ApiClient, V1Pod
from kubernetes.client.exceptions import ApiException

if TYPE_CHECKING:
    from collections.abc import Callable

_CLIENT = ApiClient()


def refusal(status: int, message: str = "", reason: str = "Reason") -> ApiException:
    """Return an answer that is none."""
    error = ApiException(status=status, reason=reason)
    error.body = json.dumps({"kind": "Status", "reason": reason, "message": message})
    return error


@dataclass
class FakeCluster:
    """A namespace.

    Attributes:
        pods: What is there, by name.
        steps: What befalls the pod that is created, at each look at it; the last one lasts. A
            status, None for gone, or something to call first.
        events: The events of any pod.
        log: Lines of any pod's log.
        rejections: Answers to creations, in order.
        deletions: What was deleted, with its options.
        requests: Names of all requests.
        secrets: The Secrets that were created, by name.
        refuse_secrets: Answers to their creations, first to last.
        interfere: Called before changes, first to last: what others do at that moment.
    """

    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any] | Callable[[], None] | None] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    rejections: list[Exception] = field(default_factory=list)
    deletions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse_secrets: list[Exception] = field(default_factory=list)
    interfere: list[Callable[[], None]] = field(default_factory=list)

    @property
    def api_client(self) -> Any:
        """What the client's requests go through, for the one that it has no method for."""
        return SimpleNamespace(
            sanitize_for_serialization=_CLIENT.sanitize_for_serialization,
            call_api=lambda *_, **__: self.read_namespaced_pod_log(),
        )

    def create_namespaced_pod(self, namespace: str, body: dict[str, Any], **_: object) -> V1Pod:
        self.requests.append("create")
        if self.rejections:
            raise self.rejections.pop(0)
        name = body["metadata"]["name"]
        if name in self.pods:
            raise refusal(409, f'pods "{name}" already exists', "AlreadyExists")
        pod = deepcopy(body)
        pod["metadata"] |= {
            "uid": f"uid-{len(self.created)}",
            "namespace": namespace,
            "creationTimestamp": "2026-01-02T03:04:00Z",
        }
        pod["status"] = {"phase": "Pending"}
        self.pods[name] = pod
        self.created.append(pod)
        return model(pod)

    def create_namespaced_secret(self, _namespace: str, body: dict[str, Any], **_: object) -> None:
        self.requests.append("create secret")
        if self.refuse_secrets:
            raise self.refuse_secrets.pop(0)
        name = body["metadata"]["name"]
        if name in self.secrets:
            raise refusal(409, f'secrets "{name}" already exists', "AlreadyExists")
        self.secrets[name] = deepcopy(body)

    def read_namespaced_pod(self, name: str, _namespace: str, **_: object) -> V1Pod:
        self.requests.append("read")
        if any(name == each["metadata"]["name"] for each in self.created):
            self._step(name)
        if name not in self.pods:
            raise refusal(404, f'pods "{name}" not found', "NotFound")
        return model(self.pods[name])

    def list_namespaced_pod(self, _namespace: str, label_selector: str, **_: object) -> Any:
        self.requests.append(f"list {label_selector}")
        found = [pod for pod in self.pods.values() if _selects(label_selector, pod)]
        return SimpleNamespace(items=[model(pod) for pod in found])

    def delete_namespaced_pod(
        self, name: str, _namespace: str, body: dict[str, Any], **_: object
    ) -> None:
        self.requests.append("delete")
        self._meant(name, body.get("preconditions") or {})
        self.deletions.append((name, body))
        del self.pods[name]

    def patch_namespaced_pod(
        self, name: str, _namespace: str, body: dict[str, Any], **_: object
    ) -> V1Pod:
        self.requests.append("patch")
        self._meant(name, body["metadata"])
        metadata = self.pods[name]["metadata"]
        metadata["annotations"] |= body["metadata"].get("annotations", {})
        self.pods[name]["spec"] |= body.get("spec", {})
        metadata["resourceVersion"] = str(int(metadata.get("resourceVersion", "0")) + 1)
        return model(self.pods[name])

    def _meant(self, name: str, meant: dict[str, Any]) -> None:
        if self.interfere:
            self.interfere.pop(0)()
        if name not in self.pods:
            raise refusal(404)
        metadata = self.pods[name]["metadata"]
        for key in ("uid", "resourceVersion"):
            if meant.get(key) not in (None, metadata.get(key)):
                raise refusal(409)

    def list_namespaced_event(self, _namespace: str, field_selector: str, **_: object) -> Any:
        self.requests.append(f"events {field_selector}")
        return SimpleNamespace(items=self.events)

    def read_namespaced_pod_log(
        self, *_: object, container: str | None = None, **__: object
    ) -> Any:
        self.requests.append("log")
        if container is not None:
            text = f"first words of {container}\nlast words of {container}\n"
            return SimpleNamespace(data=text.encode())
        stamp = "2026-01-02T03:04:05.{:09}Z"  # all within the second from which is read again
        lines = [f"{stamp.format(n)} {line}\n".encode() for n, line in enumerate(self.log)]
        return (each for each in lines)

    def _step(self, name: str) -> None:
        while self.steps and callable(call := self.steps[0]):
            self.steps.pop(0)
            call()
        if not self.steps:
            return
        step = self.steps[0] if len(self.steps) == 1 else self.steps.pop(0)
        if step is None:
            self.pods.pop(name, None)
        elif name in self.pods and isinstance(step, dict):
            self.pods[name]["status"] = step


def _selects(selector: str, pod: dict[str, Any]) -> bool:
    labels = pod["metadata"].get("labels") or {}
    for part in selector.split(","):
        key, is_equal, value = part.partition("=")
        if (labels.get(key) != value) if is_equal else (key.removeprefix("!") in labels):
            return False
    return True


def model(pod: dict[str, Any]) -> V1Pod:
    """Return the client's object of a manifest."""
    answer = SimpleNamespace(data=json.dumps(pod))
    return _CLIENT.deserialize(answer, "V1Pod")
