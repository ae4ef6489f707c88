"""Relays a pod's log to the task's, each line once, whatever happens to the connection."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.cncf.kubernetes.utils.pod_manager import PodManager
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError, ReadTimeoutError

from meltano_pods.pods.cluster.api import is_passing, retried
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER
from meltano_pods.tasks.relay import relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernetes.client import CoreV1Api, V1Pod

    from meltano_pods.pods.cluster.observation import Observation
    from meltano_pods.tasks.relay import Log

_LOG = "/api/v1/namespaces/{namespace}/pods/{name}/log"
_TIMEOUT = (60, 300)
"""Seconds to connect, and without a line: then the connection is made again, for it may be dead."""
_PAUSE = 0.5
"""Seconds until the log is asked for again: Kubernetes may not know yet that a container ended."""


class Follower(PodManager):
    """The provider's reader of pods, with a reader of their logs that can begin again.

    The provider's own repeats up to a second's lines whenever the end of a log comes before
    Kubernetes' word that the container has ended, which it does one time in three.

    Args:
        client: Kubernetes' client.
        log: The task's log.
        seen: What was seen so far.
    """

    def __init__(self, client: CoreV1Api, log: Log, seen: Observation) -> None:
        super().__init__(kube_client=client)
        self._task_log = log
        self._api = client.api_client
        self.seen = seen

    def read_pod(self, pod: V1Pod) -> V1Pod:
        """Read the pod, and remember it."""
        found = super().read_pod(pod)
        self.seen.saw(self._api.sanitize_for_serialization(found))
        return found

    def fetch_requested_container_logs(self, pod: V1Pod, *_: object, **__: object) -> list[Any]:
        """Relay the log until the container has ended: what the provider's operator calls."""
        self.follow_log(pod)
        return []

    def follow_log(self, pod: V1Pod) -> None:
        """Relay the log as it is written, until the container has ended.

        Raises:
            ApiException: The pod is gone, or the API does not answer.
        """
        while True:
            broken = self._read(pod, follow=True)
            self.read_pod(pod)
            if has_ended(self.seen.pod or {}):
                if broken:
                    self._read(pod, follow=False)
                return
            time.sleep(_PAUSE)

    def relay_log(self, pod: V1Pod, since: object = None) -> None:
        """Relay what the log of an ended run holds, as far as it was not relayed before.

        The provider's reader passes over the log of a container that ended two minutes ago, which
        a deferred task, waiting for a free slot, would then lose.

        Args:
            pod: The pod.
            since: The time up to which the triggerer has relayed it; None for the beginning.

        Raises:
            ApiException: There is none, or it is refused.
            HTTPError: The API does not answer.
        """
        if isinstance(since, str):
            since = datetime.fromisoformat(since)
        if isinstance(since, datetime):
            self.seen.position.read_on_from(since if since.tzinfo else since.replace(tzinfo=UTC))
        self._relay(retried(lambda: self._open(pod, follow=False)))

    def _read(self, pod: V1Pod, *, follow: bool) -> bool:
        """Relay the log until its stream ends; True if it broke off, or in the middle of a line.

        Raises:
            ApiException: It is refused: credentials have expired, or the pod is gone.
        """
        try:
            return self._relay(self._open(pod, follow=follow), whole=not follow)
        except ReadTimeoutError:  # nothing was written for a while
            return True
        except (ApiException, HTTPError) as error:
            if not is_passing(error):
                raise
            self._task_log.info(
                "The connection to the log of pod %s broke; reading it again from there",
                pod.metadata.name,
            )
            return True

    def _relay(self, lines: Iterator[bytes], *, whole: bool = True) -> bool:
        """Relay lines; of a log that is being written, no line of which the end has not come.

        Returns:
            Whether there was such a line.
        """
        for raw in lines:
            if not whole and not raw.endswith(b"\n"):
                return True
            text = self.seen.position.take(raw)
            if text is not None:
                self.seen.saw_line(text)
                relay([text], self._task_log)
        return False

    def _open(self, pod: V1Pod, *, follow: bool) -> Iterator[bytes]:
        """Ask for the log from where it was relayed to."""
        since = self.seen.position.resume()
        options = {"_preload_content": False, "_request_timeout": _TIMEOUT}
        name, namespace = pod.metadata.name, pod.metadata.namespace
        if since is None:
            lines = self._client.read_namespaced_pod_log(
                name, namespace, container=RUN_CONTAINER, follow=follow, timestamps=True, **options
            )
            return iter(lines)
        # The client has `since_seconds` only, which would compare this clock with the node's.
        query = {"container": RUN_CONTAINER, "timestamps": "true", "sinceTime": since}
        answer = self._api.call_api(
            _LOG,
            "GET",
            {"name": name, "namespace": namespace},
            [*query.items(), ("follow", str(follow).lower())],
            {"Accept": "*/*"},
            response_types_map={200: "str"},
            auth_settings=["BearerToken"],
            _return_http_data_only=True,
            **options,
        )
        return iter(answer)
