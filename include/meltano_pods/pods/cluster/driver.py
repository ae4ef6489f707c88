"""Performs the steps of a pod's life in a worker or on the command line, synchronously."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.pods.cluster.calls import build_call, read_answer, read_error
from meltano_pods.pods.cluster.logs import open_log, read_tail
from meltano_pods.pods.cluster.watch import watch_pod
from meltano_pods.pods.diagnose.api_errors import UNAUTHORIZED, ApiError
from meltano_pods.pods.lifecycle.actions import (
    LogEnd,
    Pause,
    ReadClock,
    ReadLogTail,
    RelayLog,
    drive,
)
from meltano_pods.tasks.relay import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernetes.client import CoreV1Api

    from meltano_pods.pods.lifecycle.actions import Action, Steps
    from meltano_pods.pods.lifecycle.observation import Observation
    from meltano_pods.tasks.relay import Log

_T = TypeVar("_T")


class ClusterDriver:
    """Performs steps in one namespace.

    Args:
        connect: Returns Kubernetes' client, with the credentials as they are at that moment.
        namespace: The namespace.
        log: The task's log.
    """

    def __init__(self, connect: Callable[[], CoreV1Api], namespace: str, log: Log) -> None:
        self._connect = connect
        self.namespace = namespace
        self._log = log
        self._api: CoreV1Api | None = None
        # A signal handler may use the driver while it is in use.
        self._lock = threading.RLock()

    def drive(self, steps: Steps[_T]) -> _T:
        """Perform steps and return their result.

        Raises:
            ApiError: The steps let one through.
        """
        return drive(steps, self.perform)

    def perform(self, action: Action) -> Any:  # noqa: ANN401 - as different as the actions are
        """Perform one action.

        Raises:
            ApiError: Rejected, or not answered.
        """
        match action:
            case Pause(seconds):
                time.sleep(seconds)
                return None
            case ReadClock():
                return time.time()
            case RelayLog():
                return self._relay_log(action)
            case ReadLogTail(name, container, lines):
                return self.call(lambda api: read_tail(api, self.namespace, name, container, lines))
        method, arguments, options = build_call(action, self.namespace)
        try:
            return self.call(
                lambda api: read_answer(
                    action,
                    getattr(api, method)(*arguments, **options),
                    api.api_client.sanitize_for_serialization,
                )
            )
        except ApiError as error:
            return read_error(action, error)

    def call(self, request: Callable[[CoreV1Api], _T]) -> _T:
        """Return the answer to a request; with new credentials if the old ones have expired.

        Raises:
            ApiError: Rejected, or not answered.
        """
        for is_last in (False, True):
            api = self._get_api()
            try:
                return request(api)
            except ApiException as error:
                if error.status == UNAUTHORIZED and not is_last:
                    self._drop_api(api)
                    continue
                raise ApiError(error.status, error.reason, error.body) from error
            except HTTPError as error:
                raise ApiError(None, str(error)) from error
        raise AssertionError  # pragma: no cover - the last round raises

    @contextmanager
    def watching(self, observation: Observation) -> Iterator[None]:
        """Watch a pod in a thread: its last state is seen even if it is deleted right after."""
        with watch_pod(self.call, self.namespace, observation.name, observation.see):
            yield

    def _relay_log(self, action: RelayLog) -> LogEnd:
        seen = action.observation
        since = seen.position.resume()
        lines = self.call(
            lambda api: open_log(api, self.namespace, seen.name, since, follow=action.follow)
        )
        try:
            with closing(lines):
                for raw in lines:
                    if action.follow and not raw.endswith(b"\n"):
                        return LogEnd(cut_off=True)
                    if (text := seen.take_line(raw)) is not None:
                        relay([text], self._log)
        except TimeoutError:
            return LogEnd(cut_off=True)
        except HTTPError as error:
            raise ApiError(None, str(error)) from error
        return LogEnd()

    def _get_api(self) -> CoreV1Api:
        with self._lock:
            if self._api is None:
                self._api = self._connect()
            return self._api

    def _drop_api(self, api: CoreV1Api) -> None:
        """Connect again for the next request, unless another thread has done so already."""
        with self._lock:
            if self._api is api:
                self._log.info("The cluster rejects the credentials; reading them again")
                self._api = None
