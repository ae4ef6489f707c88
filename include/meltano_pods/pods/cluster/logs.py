"""Reads the logs of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from urllib3.exceptions import ReadTimeoutError

from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Generator

    from kubernetes.client import CoreV1Api
    from urllib3 import HTTPResponse

_PATH = "/api/v1/namespaces/{namespace}/pods/{name}/log"
_TIMEOUT = (60, 300)
"""Seconds to connect, and without a line until the connection, which may be dead, is replaced."""
_TAIL_BYTES = 8192


def open_log(
    api: CoreV1Api, namespace: str, name: str, since: str | None, *, follow: bool
) -> Generator[bytes, None, None]:
    """Return the lines of a log, each with its time before it.

    Args:
        api: Kubernetes' client.
        namespace: The pod's namespace.
        name: The pod's name.
        since: The time from which to read; None for all of the log.
        follow: Whether to wait for lines that are yet to be written.

    Raises:
        ApiException: Rejected.
        HTTPError: Not answered.
    """
    query = [("container", RUN_CONTAINER), ("timestamps", "true"), ("follow", str(follow).lower())]
    if since is not None:
        # The client's own method has `since_seconds` only, which compares this clock with the
        # node's.
        query.append(("sinceTime", since))
    answer = api.api_client.call_api(
        _PATH,
        "GET",
        {"name": name, "namespace": namespace},
        query,
        {"Accept": "*/*"},
        response_types_map={200: "str"},
        auth_settings=["BearerToken"],
        _return_http_data_only=True,
        _preload_content=False,
        _request_timeout=_TIMEOUT,
    )
    return _iterate(answer)


def read_tail(api: CoreV1Api, namespace: str, name: str, container: str, lines: int) -> str:
    """Return the last lines of a container's log.

    Args:
        api: Kubernetes' client.
        namespace: The pod's namespace.
        name: The pod's name.
        container: The container's name.
        lines: How many lines.

    Raises:
        ApiException: Rejected, or the container has no log.
        HTTPError: No answer.
    """
    answer = api.read_namespaced_pod_log(
        name,
        namespace,
        container=container,
        tail_lines=lines,
        limit_bytes=_TAIL_BYTES,
        # Else the client returns the text of a Python bytes object.
        _preload_content=False,
        _request_timeout=_TIMEOUT,
    )
    return bytes(answer.data).decode(errors="replace")


def _iterate(answer: HTTPResponse) -> Generator[bytes, None, None]:
    """Yield lines.

    Raises:
        TimeoutError: None was written for a while.
        HTTPError: The connection broke.
    """
    try:
        yield from answer
    except ReadTimeoutError as error:
        raise TimeoutError from error
    finally:
        answer.close()
