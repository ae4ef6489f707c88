"""Reads what doctor needs to know about the pods' namespace, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from kubernetes.client import AuthorizationV1Api, CoreV1Api
from kubernetes.client.exceptions import ApiException

from meltano_pods.cli.cluster import call_api
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from meltano_pods.cli.cluster import Cluster

_NOT_FOUND, _FORBIDDEN = 404, 403

PERMISSIONS = (
    *(("pods", verb) for verb in ("create", "get", "list", "watch", "patch", "delete")),
    ("pods/log", "get"),
    ("events", "list"),
    ("events", "watch"),
)
"""What Airflow needs and the chart grants: pairs of resource and verb of RBAC."""
CREATE_SECRETS = ("secrets", "create")
"""Also needed if a task has `airflow_env`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a namespace; None for what may not be read.

    Attributes:
        namespace: The namespace's labels.
        exists: Whether the namespace exists.
        permissions: For each permission that is needed, whether it is granted.
        secrets: The needed Secrets that exist, each with the names of its keys.
        accounts: The needed service accounts that exist.
        quotas: `hard` and `used` of each quota.
        limits: Items of all limit ranges.
        pods: The pods of runs that exist there, of whichever Airflow, the oldest first.
    """

    namespace: Mapping[str, str] | None = None
    exists: bool | None = None
    permissions: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    secrets: Mapping[str, Collection[str]] | None = None
    accounts: Collection[str] | None = None
    quotas: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None
    limits: Collection[Mapping[str, Any]] | None = None
    pods: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class PodNeeds:
    """What the planned pods need.

    Attributes:
        secrets: Names of Secrets.
        accounts: Names of service accounts.
        permissions: Permissions that Airflow needs for them.
    """

    secrets: Collection[str]
    accounts: Collection[str]
    permissions: Sequence[tuple[str, str]] = PERMISSIONS


def gather_facts(cluster: Cluster, namespace: str, needed: PodNeeds, user: str | None) -> Facts:
    """Read the facts from a cluster.

    Args:
        cluster: The cluster.
        namespace: The pods' namespace.
        needed: What the pods need.
        user: The user whose permissions to check; None for the user of the connection.

    Raises:
        DeploymentError: It does not answer.
    """
    core = CoreV1Api(cluster.client)
    found = _read(cluster, lambda: core.read_namespace(namespace))
    exists, labels = None, None
    if found is not _UNREADABLE:
        exists = found is not None
        labels = {} if found is None else dict(found.metadata.labels or {})
    granted = _review_permissions(cluster, namespace, user, needed.permissions)
    if exists is False:
        return Facts(labels, exists, granted)
    keys = {
        name: _read_secret_keys(cluster, core, namespace, name) for name in sorted(needed.secrets)
    }
    accounts = {
        name: _read(cluster, partial(core.read_namespaced_service_account, name, namespace))
        for name in sorted(needed.accounts)
    }
    return Facts(
        labels,
        exists,
        granted,
        None if _UNREADABLE in keys.values() else {k: v for k, v in keys.items() if v is not None},
        None
        if _UNREADABLE in accounts.values()
        else [name for name, each in accounts.items() if each],
        _read_quotas(cluster, core, namespace),
        _read_limits(cluster, core, namespace),
        _list_pods(cluster, core, namespace),
    )


_UNREADABLE: Any = object()


def _read(cluster: Cluster, request: Callable[[], Any]) -> Any:  # noqa: ANN401 - the client has no types
    """Return an answer; None if the object does not exist, `_UNREADABLE` if it may not be read."""

    def try_request() -> Any:  # noqa: ANN401
        try:
            return request()
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            if error.status == _FORBIDDEN:
                return _UNREADABLE
            raise

    return call_api(cluster, try_request)


def _read_secret_keys(cluster: Cluster, core: CoreV1Api, namespace: str, name: str) -> Any:  # noqa: ANN401
    """Return the names of a Secret's keys, without its values."""
    found = _read(cluster, lambda: core.read_namespaced_secret(name, namespace))
    return sorted(found.data or {}) if found not in (None, _UNREADABLE) else found


def _review_permissions(
    cluster: Cluster, namespace: str, user: str | None, permissions: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], bool]:
    authorization = AuthorizationV1Api(cluster.client)
    found = {}
    for resource, verb in permissions:
        kind, _, sub = resource.partition("/")
        attributes = {"namespace": namespace, "verb": verb, "resource": kind, "subresource": sub}
        spec: dict[str, Any] = {"resourceAttributes": attributes}
        if user is None:
            body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
            review = authorization.create_self_subject_access_review
        else:
            body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
            review = authorization.create_subject_access_review
            spec |= {"user": user, "groups": _get_groups(user)}
        answer = call_api(cluster, partial(review, {**body, "spec": spec}))
        found[resource, verb] = bool(answer.status.allowed)
    return found


def _get_groups(user: str) -> list[str]:
    """Return the groups that Kubernetes gives a user or service account."""
    parts = user.split(":")
    if parts[:2] != ["system", "serviceaccount"] or len(parts) < 4:  # noqa: PLR2004
        return ["system:authenticated"]
    namespace = f"system:serviceaccounts:{parts[2]}"
    return ["system:authenticated", "system:serviceaccounts", namespace]


def _read_quotas(cluster: Cluster, core: CoreV1Api, namespace: str) -> Any:  # noqa: ANN401
    found = _read(cluster, lambda: core.list_namespaced_resource_quota(namespace))
    if found is _UNREADABLE or found is None:
        return None
    return {
        each.metadata.name: {
            "hard": dict(each.status.hard or {}),
            "used": dict(each.status.used or {}),
        }
        for each in found.items
    }


def _read_limits(cluster: Cluster, core: CoreV1Api, namespace: str) -> Any:  # noqa: ANN401
    found = _read(cluster, lambda: core.list_namespaced_limit_range(namespace))
    if found is _UNREADABLE or found is None:
        return None
    plain = cluster.client.sanitize_for_serialization
    return [item for each in found.items for item in plain(each.spec.limits)]


def _list_pods(cluster: Cluster, core: CoreV1Api, namespace: str) -> list[dict[str, Any]]:
    """Return the pods of runs, the oldest first."""
    found = _read(
        cluster, lambda: core.list_namespaced_pod(namespace, label_selector=naming.SELECTOR)
    )
    if found is _UNREADABLE or found is None:
        return []
    plain = cluster.client.sanitize_for_serialization
    return sorted(
        (plain(each) for each in found.items),
        key=lambda pod: str(pod["metadata"]["creationTimestamp"]),
    )
