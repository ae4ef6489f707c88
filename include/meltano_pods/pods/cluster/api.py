"""The few requests a run makes of Kubernetes, retried where trying again can help.

Manifests are plain data here, as `kubectl get -o json` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import tenacity
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kubernetes.client import CoreV1Api
    from kubernetes.watch import Watch

NOT_FOUND = 404
CONFLICT = 409
# Not 409, which the provider retries too: for a pod of that name it would be five times in vain.
_PASSING = frozenset({429, 500, 502, 503, 504})
_ATTEMPTS = 5
_T = TypeVar("_T")


def is_passing(error: BaseException) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, ApiException):
        return error.status in _PASSING
    return isinstance(error, HTTPError)


def retried(request: Callable[[], _T]) -> _T:
    """Return what a request yields, made again while that can help.

    Raises:
        ApiException: Refused.
        HTTPError: No answer.
    """
    for attempt in tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=0.5, max=8),
        retry=tenacity.retry_if_exception(is_passing),
        reraise=True,
    ):
        with attempt:
            return request()
    raise AssertionError  # pragma: no cover - the last attempt raises


class Pods:
    """The pods of one namespace.

    Args:
        client: Returns Kubernetes' client; asked each time, because credentials expire.
        namespace: The namespace.
    """

    def __init__(self, client: Callable[[], CoreV1Api], namespace: str) -> None:
        self._client = client
        self.namespace = namespace

    def get(self, name: str) -> dict[str, Any] | None:
        """Return a pod, or None if there is none of this name."""
        try:
            return self._plain(self._call("read_namespaced_pod", name))
        except ApiException as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def select(self, selector: str) -> list[dict[str, Any]]:
        """Return the pods that a label selector selects."""
        found = self._call("list_namespaced_pod", label_selector=selector)
        return [self._plain(each) for each in found.items]

    def create(self, pod: Mapping[str, Any]) -> dict[str, Any]:
        """Create a pod and return it as the cluster has it.

        Raises:
            ApiException: Refused, or there is a pod of this name.
        """
        return self._plain(self._call("create_namespaced_pod", body=pod))

    def create_secret(self, secret: Mapping[str, Any]) -> None:
        """Create a Secret. Nothing of it is returned, or asked for: Airflow may not read Secrets.

        Raises:
            ApiException: Refused, or there is a Secret of this name.
        """
        self._call("create_namespaced_secret", body=secret)

    def patch(self, name: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a change into a pod and return it as it is then.

        Raises:
            ApiException: Refused; gone; or not of the version that the change names.
        """
        return self._plain(self._call("patch_namespaced_pod", name, body=change))

    def delete(
        self,
        name: str,
        grace: int | None = None,
        uid: str | None = None,
        version: str | None = None,
    ) -> bool:
        """Delete a pod; one that is already gone, or not the one that is meant, is left alone.

        Args:
            name: The pod's name.
            grace: Seconds until it is killed; None for its own grace period.
            uid: Identity of the very pod that is meant; None for whichever has the name.
            version: Its resource version; None for any.

        Returns:
            False if it was not the one that is meant.
        """
        body: dict[str, Any] = {} if grace is None else {"gracePeriodSeconds": grace}
        meant = {"uid": uid, "resourceVersion": version}
        if meant := {key: value for key, value in meant.items() if value is not None}:
            body["preconditions"] = meant
        try:
            self._call("delete_namespaced_pod", name, body=body)
        except ApiException as error:
            if error.status == CONFLICT and meant:
                return False
            if error.status != NOT_FOUND:
                raise
        return True

    def watch(self, stream: Watch, name: str, seconds: int) -> Iterator[dict[str, Any]]:
        """Yield every change of a pod, as Kubernetes' client has them."""
        yield from stream.stream(
            self._client().list_namespaced_pod,
            self.namespace,
            field_selector=f"metadata.name={name}",
            timeout_seconds=seconds,
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the events about a pod; none where they may not be read."""
        try:
            found = self._call(
                "list_namespaced_event", field_selector=f"involvedObject.name={name}"
            )
        except (ApiException, HTTPError):
            return []
        return [self._plain(each) for each in found.items]

    def _call(self, method: str, *arguments: object, **options: object) -> Any:  # noqa: ANN401
        if method.startswith(("read", "patch", "delete")):
            arguments = (*arguments, self.namespace)
        else:
            arguments = (self.namespace, *arguments)
        return retried(lambda: getattr(self._client(), method)(*arguments, **options))

    def _plain(self, thing: object) -> dict[str, Any]:
        plain: dict[str, Any] = self._client().api_client.sanitize_for_serialization(thing)
        return plain
