"""Relays a pod's log to the task's, and remembers what the pod was like when last seen."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.utils.pod_manager import PodManager
from meltano_runner.contract import ResultError, RunResult, decode

from meltano_pods.pods.api import retried
from meltano_pods.pods.reasons import terminated
from meltano_pods.pods.start import has_ended
from meltano_pods.settings.override import RUN_CONTAINER
from meltano_pods.tasks.relay import is_result, relay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client import CoreV1Api, V1Pod

    from meltano_pods.tasks.relay import Log


class Follower(PodManager):
    """The provider's log reader (resuming, expiring credentials), in our words.

    Args:
        client: Kubernetes' client.
        log: The task's log.
    """

    def __init__(self, client: CoreV1Api, log: Log) -> None:
        super().__init__(kube_client=client)
        self._task_log = log
        self._api = client.api_client
        self.last_seen: dict[str, Any] | None = None
        """The pod as it was when last read: it may be gone the next time."""
        self.result: RunResult | None = None
        """The result as the log had it; it is there even where the pod no longer is."""
        self.last_words = ""
        """The last line of the log so far."""

    def read_pod(self, pod: V1Pod) -> V1Pod:
        """Read the pod, and remember it."""
        found = super().read_pod(pod)
        self.saw(self._api.sanitize_for_serialization(found))
        return found

    def saw(self, pod: Mapping[str, Any]) -> None:
        """Remember what the pod is like; how its container ended is never forgotten again."""
        if self.last_seen is None or terminated(pod) or not has_ended(self.last_seen):
            self.last_seen = dict(pod)

    def relay_log(self, pod: V1Pod, since: object = None) -> None:
        """Relay what the log of an ended run holds.

        The provider's reader passes over the log of a container that ended two minutes ago, which
        a deferred task, waiting for a free slot, would then lose.

        Args:
            pod: The pod.
            since: The time up to which it was relayed before; None for all of it.

        Raises:
            ApiException: There is none, or it is refused.
            HTTPError: The API does not answer.
        """
        options: dict[str, Any] = {}
        if isinstance(since, str):
            since = datetime.fromisoformat(since)
        if isinstance(since, datetime):
            options["since_seconds"] = math.ceil((datetime.now(UTC) - since).total_seconds())
        lines = retried(
            lambda: self._client.read_namespaced_pod_log(
                pod.metadata.name,
                pod.metadata.namespace,
                container=RUN_CONTAINER,
                _preload_content=False,
                **options,
            )
        )
        for line in lines:
            self._log_message(line.decode(errors="replace").rstrip("\n"))

    def _log_message(self, message: str, *_: object) -> None:
        lines = message.splitlines()
        self.last_words = next((line for line in reversed(lines) if line.strip()), self.last_words)
        for line in lines:
            if is_result(line):
                with suppress(ResultError):
                    self.result = decode(line)
        relay(lines, self._task_log)
